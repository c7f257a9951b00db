import { initialise } from "@multiway/nn";
import type { Key } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import { fitPatchTokenizer, PatchTokenizer } from "@multiway/visual-tokenizer";
import { imageSize, patchSize, toPixels, type DemoData, type Picture } from "./data.ts";

export const numCodes = 256;
const batchSize = 512;

/** Pictures as one tensor [count, 3, height, width]. */
export function pictureTensor(pictures: readonly Picture[], device: Device) {
  const size = 3 * imageSize * imageSize;
  const pixels = new Float32Array(pictures.length * size);
  pictures.forEach(({ image }, index) => pixels.set(toPixels(image), index * size));
  return device.tensor(pixels, { shape: [pictures.length, 3, imageSize, imageSize] });
}

/** Learns 256 codes for patches from the training pictures, and counts which are used. */
export async function learnVisualTokens(
  data: DemoData,
  { device, key, onProgress, signal }: { device: Device; key: Key; onProgress: (done: number, total: number) => void; signal: AbortSignal },
): Promise<{ tokenizer: PatchTokenizer; used: number }> {
  const order = key.fold(0).permutation(data.training.length);
  const batches = Array.from({ length: Math.max(1, Math.floor(order.length / batchSize)) }, (_, batch) =>
    pictureTensor(
      [...order.subarray(batch * batchSize, (batch + 1) * batchSize)].map((index) => data.training[index]!),
      device,
    ),
  );
  const blank = await initialise(new PatchTokenizer({ patchSize, numCodes }), { device, key });
  const tokenizer = await fitPatchTokenizer(blank, batches, { key: key.fold(1), onProgress, signal });
  const codes = new Set<number>();
  for (const batch of batches) for (const code of await tokenizer.encode(batch).data()) codes.add(code);
  for (const batch of batches) batch.dispose();
  return { tokenizer, used: codes.size };
}
