import { openDevice } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { encodePng } from "@multiway/images";
import { expect, test } from "vitest";
import { loadBeit3 } from "./index.ts";
import { picture, tinyFolder } from "./pipelines.samples.ts";

test("a page loads a model folder from its own storage and encodes a picture that its user picked", async () => {
  await using device = await openDevice(wasm());
  const { folder } = await tinyFolder("retrieval", device);
  const storage = await navigator.storage.getDirectory();
  const stored = await storage.getDirectoryHandle("model", { create: true });
  for (const [name, bytes] of folder.files) {
    const writable = await (await stored.getFileHandle(name, { create: true })).createWritable();
    await writable.write(bytes);
    await writable.close();
  }
  using model = await loadBeit3(stored, { device });
  const png = await encodePng(picture(5));
  const { vector } = await model.encodeImage(new File([png as BlobPart], "picked.png"));
  expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  const bytes = URL.createObjectURL(new Blob([png as BlobPart]));
  expect((await model.encodeImage(bytes)).vector).toEqual(vector);
  const [best] = await model.retriever.rank({ text: "a dog", images: [vector, picture(6)] });
  expect(best!.score).toBeLessThanOrEqual(1);
  // In a page, a place that is no address of a checkpoint is an address of a folder.
  await expect(loadBeit3("no/such/model", { device })).rejects.toThrow(/^openModelFolder: "no\/such\/model": its model\.json cannot be read/);
});
