import { ShuffledSampler, type PretrainingExamples, type RowPlace } from "@multiway/data";
import { initialise } from "@multiway/nn";
import type { Key } from "@multiway/random";
import { fitPatchTokenizer, PatchTokenizer } from "@multiway/visual-tokenizer";
import type { HeadContext } from "../fine-tuning/head-context.ts";
import { makePretrainingBatch } from "./batch.ts";
import type { PretrainingBatch } from "./model.ts";

export interface PretrainingBatchesOptions {
  patchSize: number;
  /** Pictures, texts and pairs in a batch, of each. */
  batchSize: number;
  /** Order of the examples. */
  key: Key;
  /** Smallest block of hidden patches. Default: a tenth of them, at most 16. */
  minBlock?: number;
}

/** Pictures, texts and pairs, 1:1:1, each kind in an order of its own: the `prepare` of a pretraining task. */
export function pretrainingBatches(context: HeadContext, examples: PretrainingExamples, { patchSize, batchSize, key, minBlock }: PretrainingBatchesOptions): (step: number, key: Key) => Promise<PretrainingBatch> {
  const { imageSize, tokenizer, device } = context;
  const [imageKey, textKey, pairKey] = key.split(3) as [Key, Key, Key];
  const images = new ShuffledSampler({ count: examples.images.length, batchSize, key: imageKey });
  const texts = new ShuffledSampler({ count: examples.texts.length, batchSize, key: textKey });
  const pairs = new ShuffledSampler({ count: examples.pairs.length, batchSize, key: pairKey });
  const { paddingId, maskId } = tokenizer;
  const options = {
    imageSize, patchSize, device,
    minBlock: minBlock ?? Math.min(16, Math.max(1, Math.floor((imageSize / patchSize) ** 2 / 10))),
    tokens: { padding: paddingId, mask: maskId, ordinary: [4, maskId] as const },
    buckets: context.textBuckets,
  };
  const size = 3 * imageSize * imageSize;
  const pixelsOf = async (rows: readonly ({ image: string } & RowPlace)[], pixelKey: Key): Promise<Float32Array[]> => {
    const pixels = await context.pixels("square", rows.map((row) => ({ path: row.image, place: row })), { key: pixelKey, randAugment: false });
    return rows.map((_, index) => pixels.subarray(index * size, (index + 1) * size));
  };
  return async (step, batchKey) => {
    const [imagePixelKey, pairPixelKey, holeKey] = batchKey.split(3) as [Key, Key, Key];
    const ofPairs = pairs.batch(step).map((row) => examples.pairs[row]!);
    const pairPixels = await pixelsOf(ofPairs, pairPixelKey);
    return makePretrainingBatch(
      {
        images: await pixelsOf(images.batch(step).map((row) => examples.images[row]!), imagePixelKey),
        texts: texts.batch(step).map((row) => context.ids(examples.texts[row]!.text, examples.texts[row]!)),
        pairs: ofPairs.map((pair, index) => ({ image: pairPixels[index]!, text: context.ids(pair.text, pair) })),
      },
      options,
      holeKey,
    );
  };
}

export interface VisualTokensOptions {
  patchSize: number;
  /** How many visual tokens there are. */
  numCodes: number;
  key: Key;
  /** Pictures that are looked at. Default 4096, drawn from all. */
  mostPictures?: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Pictures at a time. */
const tokenBatch = 256;

/**
 * Learns visual tokens for small pictures: codes of what their patches look like.
 *
 * @returns the tokenizer, and how many codes the pictures that it was learnt on use
 * @throws the signal's reason when it is aborted
 */
export async function learnVisualTokens(context: HeadContext, examples: PretrainingExamples["images"], options: VisualTokensOptions): Promise<{ tokenizer: PatchTokenizer; used: number }> {
  const { patchSize, numCodes, key, mostPictures = 4096, signal, onProgress } = options;
  const drawn = [...key.fold(0).permutation(examples.length).subarray(0, mostPictures)].map((index) => examples[index]!);
  const count = Math.max(1, Math.floor(drawn.length / tokenBatch));
  const batches = [];
  for (let batch = 0; batch < count; batch++) {
    signal?.throwIfAborted();
    const rows = drawn.slice(batch * tokenBatch, (batch + 1) * tokenBatch);
    batches.push(context.imageTensor(await context.pixels("square", rows.map((row) => ({ path: row.image, place: row })))));
  }
  const blank = await initialise(new PatchTokenizer({ patchSize, numCodes }), { device: context.device, key });
  const tokenizer = await fitPatchTokenizer(blank, batches, { key: key.fold(1), ...(onProgress && { onProgress }), ...(signal && { signal }) });
  const codes = new Set<number>();
  for (const batch of batches) {
    using found = tokenizer.encode(batch);
    for (const code of await found.data()) codes.add(code);
    batch.dispose();
  }
  return { tokenizer, used: codes.size };
}
