import { compile, Device, type Tensor } from "@multiway/tensor";
import { openRecorder, programBudget } from "@multiway/testing/op-suite";
import { expect, test } from "vitest";
import { AdamW, clipByGlobalNorm, type AdamWState } from "./index.ts";

type Weights = Record<string, Tensor>;

/** Shapes of a base model with a width of 96 in place of 768: 12 layers with experts for two modalities, and embeddings. */
function baseLike(): Record<string, readonly number[]> {
  const [width, hidden] = [96, 384];
  const sizes: Record<string, readonly number[]> = { words: [2000, width], positions: [67, width], patches: [width, 768], classToken: [1, 1, width], logitScale: [] };
  const linear = (name: string, rows: number, columns: number): void => void Object.assign(sizes, { [`${name} weight`]: [rows, columns], [`${name} bias`]: [rows] });
  const norm = (name: string, length: number): void => void Object.assign(sizes, { [`${name} gain`]: [length], [`${name} offset`]: [length] });
  for (let layer = 0; layer < 12; layer++) {
    for (const modality of ["vision", "language"]) {
      const name = `${layer} ${modality}`;
      for (const part of ["query", "key", "value", "output"]) linear(`${name} ${part}`, width, width);
      linear(`${name} up`, hidden, width);
      linear(`${name} down`, width, hidden);
      for (const part of ["before", "inner", "after"]) norm(`${name} ${part}`, width);
      norm(`${name} middle`, hidden);
    }
  }
  return sizes;
}

const optimizers = { decaying: new AdamW({ weightDecay: 0.05 }), layered: new AdamW({ groupOf: (name) => ({ learningRateScale: 0.9 ** (name.length % 12), weightDecay: 0 }) }) };

/** Whoever raises one says why in the commit that does. */
test.each([
  ["wasm", { offsetAlignment: 64, maxBuffersPerKernel: 256 }, "decaying", { kernels: 7, bytesRead: 59_597_804, bytesWritten: 35_755_748, arenaBytes: 35_840 }],
  ["webgpu", { offsetAlignment: 256, maxBuffersPerKernel: 8 }, "decaying", { kernels: 11, bytesRead: 59_598_136, bytesWritten: 35_756_080, arenaBytes: 154_624 }],
  ["webgpu", { offsetAlignment: 256, maxBuffersPerKernel: 8 }, "layered", { kernels: 10, bytesRead: 59_599_480, bytesWritten: 35_756_080, arenaBytes: 154_624 }],
] as const)("what AdamW and clipping cost on %s over all parameters of a base model", async (_, limits, name, budget) => {
  const recorder = await openRecorder(limits);
  const idle = new Device({ ...recorder.device.backend, run: () => {} });
  const optimizer = optimizers[name];
  const sizes = baseLike();
  const tensors = (): Weights => Object.fromEntries(Object.entries(sizes).map(([key, shape]) => [key, idle.zeros(shape)]));
  const model = tensors();
  compile(
    (weights: Weights, state: AdamWState, gradients: Weights, learningRate: Tensor) => {
      const { gradients: clipped, norm } = clipByGlobalNorm(gradients, 1);
      return { norm, ...optimizer.update(weights, clipped, state, { learningRate }) };
    },
    { donate: [0, 1] },
  )(model, optimizer.init(model, idle), tensors(), 0.1);
  const program = recorder.programs.at(-1)!;
  expect(Object.keys(sizes).length).toBe(485);
  expect(program.steps.length).toBeGreaterThanOrEqual(2 * 485);
  expect(programBudget(program)).toEqual(budget);
  await recorder.device.close();
});
