import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reference } from "@multiway/reference";
import { openDevice, type Device } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeSafetensors, loadCheckpoint, saveCheckpoint } from "./index.ts";

let device: Device;
let folder: string;
beforeAll(async () => {
  device = await openDevice(reference());
  folder = await mkdtemp(join(tmpdir(), "multiway-load-"));
});
afterAll(async () => {
  await device.close();
  await rm(folder, { recursive: true, force: true });
});

describe("saveCheckpoint, then loadCheckpoint", () => {
  it("is bit-equal for every dtype, and computes what is pending", async () => {
    const path = join(folder, "model.safetensors");
    const x = device.tensor([[0.1, -2], [3, 4e-40]]);
    const tensors = {
      "layers.0.weight": x,
      pending: x.mul(2).sum(),
      half: x.cast("f16"),
      ids: device.tensor(Int32Array.of(-1, 2)),
      words: device.tensor(Uint32Array.of(4294967295)),
      flags: device.tensor([true, false, true]),
      empty: device.zeros([0, 3]),
    };
    await saveCheckpoint(path, tensors);
    const loaded = await loadCheckpoint(path, { device });
    expect(Object.keys(loaded)).toEqual(Object.keys(tensors));
    for (const [name, tensor] of Object.entries(tensors)) {
      expect([name, loaded[name]!.dtype, loaded[name]!.shape]).toEqual([name, tensor.dtype, tensor.shape]);
      // The reference device holds 64 bits; a file holds 32.
      const round = (data: ArrayLike<number>) => Array.from(data, Math.fround);
      expect(round(await loaded[name]!.data())).toEqual(round(await tensor.data()));
    }
  });
  it("loads what is asked for, widened on request", async () => {
    const bytes = encodeSafetensors({ "head.weight": { shape: [1], data: Uint16Array.of(0x3c00), type: "F16" }, "other.weight": { shape: [1], data: BigInt64Array.of(99999999999n) } });
    const loaded = await loadCheckpoint(bytes, { device, only: (name) => name.startsWith("head."), halves: "widen" });
    expect(Object.keys(loaded)).toEqual(["head.weight"]);
    expect(loaded["head.weight"]!.dtype).toBe("f32");
    expect(await loaded["head.weight"]!.toArray()).toEqual([1]);
    await expect(loadCheckpoint(bytes, { device })).rejects.toThrow('loadCheckpoint: "bytes": element 0 of "other.weight" (I64) is 99999999999; expected -2147483648 to 2147483647. Store it as');
  });
});
