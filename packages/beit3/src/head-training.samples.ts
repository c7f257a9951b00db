import { VqaModel, type VqaBatch } from "@multiway/head-vqa";
import { initialise } from "@multiway/nn";
import { AdamW, warmupCosine, type AdamWState } from "@multiway/optim";
import { key } from "@multiway/random";
import { compile, valueAndGrad, type Device, type RandomKey, type Tensor } from "@multiway/tensor";
import { MultiwayTransformer } from "@multiway/transformer";
import { fineTuningGroups } from "./fine-tuning-groups.ts";
import { beit3Tiny } from "./presets.ts";

const [batch, length, numAnswers, imageSize, vocabularySize] = [4, 8, 6, 16, 40];

/** Losses of the first steps of fine-tuning a small answering head, with layer-wise rates, warm-up and stochastic depth, from made-up questions: the same on every device, in Node and in pages, within rounding. */
export async function headTrainingLosses(device: Device, steps: number): Promise<number[]> {
  const options = { ...beit3Tiny({ vocabularySize, textPositions: 12 }), embedDim: 32, ffnDim: 64, numLayers: 2, numHeads: 2, imageSize, patchSize: 4, dropPathRate: 0.2, finalNorm: false };
  let model = await initialise(new VqaModel(new MultiwayTransformer(options), { numAnswers }), { device, key: 5 });
  const adamw = new AdamW({ weightDecay: 0.05, groupOf: fineTuningGroups({ numLayers: 2, layerDecay: 0.8 }) });
  const step = compile(
    (m: VqaModel, state: AdamWState, data: VqaBatch, stepKey: RandomKey, learningRate: Tensor) => {
      const [[loss], gradients] = valueAndGrad((inner: VqaModel) => {
        const { loss, accuracy } = inner.loss(data, stepKey);
        return [loss, accuracy] as const;
      })(m);
      return { loss, ...adamw.update(m, gradients, state, { learningRate }) };
    },
    { name: "answering step", donate: [0, 1] },
  );
  const schedule = warmupCosine({ peak: 1e-2, warmupSteps: 3, totalSteps: steps });
  let state = adamw.init(model, device);
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) {
    const result = step(model, state, batchOf(device, index), key(10).fold(index), schedule(index));
    ({ model, state } = result);
    losses.push(await result.loss.item());
  }
  return losses;
}

/** Questions of 3 to 6 tokens, one answer right and one half right. */
function batchOf(device: Device, step: number): VqaBatch {
  const each = <T>(make: (item: number) => T): T[] => Array.from({ length: batch }, (_, item) => make(step * batch + item));
  const tokensOf = (item: number) => 3 + (item % 4);
  const textOf = (item: number) => {
    const words = [...key(item).bits(length)];
    return Array.from({ length }, (_, place) => (place === 0 ? 0 : place < tokensOf(item) - 1 ? 4 + (words[place]! % 30) : place === tokensOf(item) - 1 ? 2 : 1));
  };
  return {
    images: device.tensor(Float32Array.from(each((item) => [...key(item).uniform(3 * imageSize ** 2, -1, 1)]).flat()), { shape: [batch, 3, imageSize, imageSize] }),
    text: device.tensor(Int32Array.from(each(textOf).flat()), { shape: [batch, length] }),
    isPadding: device.tensor(each((item) => Array.from({ length }, (_, place) => place >= tokensOf(item)))),
    targets: device.tensor(each((item) => Array.from({ length: numAnswers }, (_, answer) => (answer === item % numAnswers ? 1 : answer === (item + 1) % numAnswers ? 0.5 : 0)))),
  };
}
