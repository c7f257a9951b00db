import { ShuffledSampler, bucketFor, padRows } from "@multiway/data";
import { RetrievalModel, type RetrievalBatch } from "@multiway/head-retrieval";
import { recallAt } from "@multiway/metrics";
import { initialise } from "@multiway/nn";
import { AdamW, clipByGlobalNorm, warmupCosine, type AdamWState, type Schedule } from "@multiway/optim";
import type { Key } from "@multiway/random";
import { compile, valueAndGrad, type Device, type RandomKey, type Tensor } from "@multiway/tensor";
import type { Task } from "@multiway/training";
import type { MultiwayTransformer } from "@multiway/transformer";
import { augment, imageSize, textBuckets, toPixels, type DemoData, type Picture } from "./data.ts";
import type { BothWays } from "./result.ts";
import { pictureTensor } from "./visual-tokens.ts";

export interface RetrievalState {
  model: RetrievalModel;
  optimizer: AdamWState;
}

export interface RetrievalStage {
  state: RetrievalState;
  task: Task<RetrievalState, RetrievalBatch>;
  schedule: Schedule;
}

/** Fine-tunes a transformer as a dual encoder: pictures beside their names, contrastive loss. */
export async function retrievalStage(data: DemoData, transformer: MultiwayTransformer, { device, key, steps, batchSize, name, peak = 1.5e-3 }: { device: Device; key: Key; steps: number; batchSize: number; name: string; peak?: number }): Promise<RetrievalStage> {
  const [modelKey, orderKey] = key.split(2) as [Key, Key];
  const model = await initialise(new RetrievalModel(transformer, { pooling: "mean" }), { device, key: modelKey });
  const optimizer = new AdamW({ betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.05 });
  const pairs = new ShuffledSampler({ count: data.training.length, batchSize, key: orderKey });
  const prepare = (step: number, batchKey: Key): RetrievalBatch => {
    const chosen = pairs.batch(step);
    const size = 3 * imageSize * imageSize;
    const pixels = new Float32Array(batchSize * size);
    chosen.forEach((picture, index) => pixels.set(toPixels(augment(data.training[picture]!.image, batchKey.fold(index))), index * size));
    return {
      images: device.tensor(pixels, { shape: [batchSize, 3, imageSize, imageSize] }),
      ...textTensors(
        chosen.map((picture) => data.names[data.training[picture]!.concept]!),
        data.tokenizer.paddingId,
        device,
      ),
    };
  };
  const step = compile(
    (state: RetrievalState, batch: RetrievalBatch, stepKey: RandomKey, learningRate: Tensor) => {
      const [[loss, accuracy], gradients] = valueAndGrad((m: RetrievalModel) => {
        const result = m.loss(batch, stepKey);
        return [result.loss, result.accuracy] as const;
      })(state.model);
      const clipped = clipByGlobalNorm(gradients, 1);
      const next = optimizer.update(state.model, clipped.gradients, state.optimizer, { learningRate });
      return { state: { model: next.model, optimizer: next.state }, metrics: { loss, accuracy, gradientNorm: clipped.norm } as Record<string, Tensor> };
    },
    { name, donate: [0] },
  );
  return {
    state: { model, optimizer: optimizer.init(model, device) },
    task: { name, prepare, step, itemsPerBatch: batchSize },
    schedule: warmupCosine({ peak, warmupSteps: Math.min(100, Math.ceil(steps / 10)), totalSteps: steps, minimum: 1e-5 }),
  };
}

/** Texts side by side, padded to a bucket. */
export function textTensors(texts: readonly Int32Array[], padding: number, device: Device): { text: Tensor; isPadding: Tensor } {
  const width = bucketFor(Math.max(...texts.map((text) => text.length)), textBuckets);
  const { values, isPadding } = padRows(texts, width, padding);
  return { text: device.tensor(values, { shape: [texts.length, width] }), isPadding: device.tensor(isPadding, { shape: [texts.length, width], dtype: "bool" }) };
}

/** Row-major [pictures of the unseen style, names]. */
export async function similarities(model: RetrievalModel, data: DemoData, device: Device): Promise<Float32Array> {
  const encodeImages = compile((m: RetrievalModel, images: Tensor) => m.encodeImages(images), { name: "encodeImages" });
  const encodeTexts = compile((m: RetrievalModel, text: Tensor, isPadding: Tensor) => m.encodeTexts(text, isPadding), { name: "encodeTexts" });
  const chunk = 128;
  const images: Float32Array[] = [];
  for (let start = 0; start < data.unseen.length; start += chunk) images.push((await encodeImages(model, pictureTensor(data.unseen.slice(start, start + chunk), device)).data()) as Float32Array);
  const texts: Float32Array[] = [];
  for (let start = 0; start < data.names.length; start += chunk) {
    const { text, isPadding } = textTensors(data.names.slice(start, start + chunk), data.tokenizer.paddingId, device);
    texts.push((await encodeTexts(model, text, isPadding).data()) as Float32Array);
  }
  const width = images[0]!.length / Math.min(chunk, data.unseen.length);
  const rows = device.tensor(join(images), { shape: [data.unseen.length, width] });
  const columns = device.tensor(join(texts), { shape: [data.names.length, width] });
  return (await rows.matmul(columns.transpose()).data()) as Float32Array;
}

function join(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Recall both ways of similarities [pictures of the unseen style, names], among all names and all pictures. */
export function recallBothWays(similarity: Float32Array, data: DemoData): BothWays {
  const pictures = data.unseen.length;
  const names = data.names.length;
  const drawn = new Map(data.unseen.map(({ concept }, picture) => [concept, picture]));
  // A name that the unseen style does not draw has no right picture, and is no query.
  const queries = [...drawn.keys()];
  const turned = new Float32Array(queries.length * pictures);
  queries.forEach((concept, query) => {
    for (let picture = 0; picture < pictures; picture++) turned[query * pictures + picture] = similarity[picture * names + concept]!;
  });
  return {
    imageToText: recallAt(similarity, pictures, names, (picture, name) => data.unseen[picture]!.concept === name),
    textToImage: recallAt(turned, queries.length, pictures, (query, picture) => data.unseen[picture]!.concept === queries[query]),
  };
}

/**
 * Similarities by pixels alone: a name is as close to a picture as the nearest of its training pictures, by squared distance of pixels.
 *
 * Distances come from one matrix product, ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b.
 */
export async function pixelSimilarities(data: DemoData, device: Device): Promise<Float32Array> {
  const names = data.names.length;
  const similarity = new Float32Array(data.unseen.length * names).fill(-Infinity);
  const flat = (pictures: readonly Picture[]) => pictureTensor(pictures, device).flatten(1);
  const chunk = 512;
  const unseen = flat(data.unseen);
  for (let start = 0; start < data.training.length; start += chunk) {
    const pictures = data.training.slice(start, start + chunk);
    const seen = flat(pictures);
    const products = unseen.matmul(seen.transpose());
    const distances = await products.mul(-2).add(unseen.square().sum({ axis: 1, keepDims: true })).add(seen.square().sum({ axis: 1 })).data();
    for (let picture = 0; picture < data.unseen.length; picture++) {
      pictures.forEach(({ concept }, index) => {
        const place = picture * names + concept;
        similarity[place] = Math.max(similarity[place]!, -distances[picture * pictures.length + index]!);
      });
    }
  }
  return similarity;
}
