import { expect, it } from "vitest";
import { encodeSafetensors, openCheckpoint, saveCheckpoint, type FileHandle } from "./index.ts";

it("keeps checkpoints in the page's own storage", async () => {
  const folder = await navigator.storage.getDirectory();
  const handle: FileHandle = await folder.getFileHandle("model.safetensors", { create: true });
  const tensors = { x: { shape: [2], data: Float32Array.of(1, 2) } };
  await saveCheckpoint(handle, tensors, { step: "1" });
  await saveCheckpoint(handle, tensors, { step: "2" });
  await using checkpoint = await openCheckpoint(handle);
  expect(checkpoint.metadata).toEqual({ step: "2" });
  expect((await checkpoint.read("x")).elements).toEqual(Float32Array.of(1, 2));
});

it("loads from addresses and refuses to write to them", async () => {
  const address = URL.createObjectURL(new Blob([encodeSafetensors({ x: { shape: [], data: Float32Array.of(7) } }) as Uint8Array<ArrayBuffer>]));
  await using checkpoint = await openCheckpoint(address);
  expect((await checkpoint.read("x")).elements).toEqual(Float32Array.of(7));
  await expect(saveCheckpoint(address, {})).rejects.toThrow("a page cannot write to a path or an address. Hand in a FileSystemFileHandle");
});
