import { restoreState, stateTensors, train, type Progress, type Task, type TrainingRecord } from "./index.ts";
import { key, type Key } from "@multiway/random";
import { compile, openDevice, randomNormal, type Device, type RandomKey, type Tensor } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { describe, expect, it } from "vitest";

interface State {
  weight: Tensor;
}

/** Gradient descent towards a target, with noise from the step's key. */
function descent(device: Device): Task<State, Tensor> {
  const step = compile(
    (state: State, target: Tensor, noise: RandomKey, learningRate: Tensor) => {
      const error = state.weight.sub(target).add(randomNormal(noise, [2]).mul(0.01));
      return { state: { weight: state.weight.sub(error.mul(learningRate)) }, metrics: { loss: error.square().sum() } as Record<string, Tensor> };
    },
    { donate: [0] },
  );
  return { name: "descent", itemsPerBatch: 2, step, prepare: (_: number, batchKey: Key) => device.tensor(batchKey.normal(2).map((value) => 3 + value * 0.1)) };
}

const options = { schedule: () => 0.2, key: key(4) };
const start = (device: Device): State => ({ weight: device.tensor([0, 0]) });

describe("train", () => {
  it("runs all steps in order and reports each once", async () => {
    await using device = await openDevice(wasm());
    const records: TrainingRecord[] = [];
    const progress: Progress[] = [];
    const result = await train(descent(device), start(device), { ...options, steps: 12, onRecord: (record) => records.push(record), onProgress: (p) => progress.push(p) });
    expect(result).toMatchObject({ step: 12, isFinished: true });
    expect(records.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(records[11]!.metrics["loss"]).toBeLessThan(records[0]!.metrics["loss"]! / 20);
    expect(progress[11]).toMatchObject({ step: 12, steps: 12, stage: "descent" });
  });

  it("stopped and resumed, ends with the very same numbers", async () => {
    await using device = await openDevice(wasm());
    const whole: TrainingRecord[] = [];
    const end = await train(descent(device), start(device), { ...options, steps: 10, onRecord: (record) => whole.push(record) });

    const parts: TrainingRecord[] = [];
    const controller = new AbortController();
    let saved: { tensors: Record<string, ArrayLike<number>>; step: number } | undefined;
    const first = await train(descent(device), start(device), {
      ...options,
      steps: 10,
      signal: controller.signal,
      onRecord: (record) => {
        parts.push(record);
        if (record.step === 3) controller.abort();
      },
      save: async (state, step) => {
        const entries = await Promise.all(Object.entries(stateTensors(state)).map(async ([name, tensor]) => [name, await tensor.data()] as const));
        saved = { tensors: Object.fromEntries(entries), step };
      },
    });
    expect(first.isFinished).toBe(false);
    const restored = restoreState(start(device), Object.fromEntries(Object.entries(saved!.tensors).map(([name, data]) => [name, device.tensor(data)])));
    const second = await train(descent(device), restored, { ...options, steps: 10, firstStep: saved!.step, onRecord: (record) => parts.push(record) });
    expect(parts).toEqual(whole);
    expect(await second.state.weight.data()).toEqual(await end.state.weight.data());
  });

  it("saves at every interval and at the end", async () => {
    await using device = await openDevice(wasm());
    const steps: number[] = [];
    await train(descent(device), start(device), { ...options, steps: 7, saveEvery: 3, save: (_, step) => Promise.resolve(void steps.push(step)) });
    expect(steps).toEqual([3, 6, 7]);
  });

  it("stops at a loss that is not finite, naming the step", async () => {
    await using device = await openDevice(wasm());
    await expect(train(descent(device), start(device), { ...options, schedule: (step) => (step === 2 ? NaN : 0.2), steps: 9 })).rejects.toThrow("descent: loss is NaN at step 3; expected a finite number.");
  });
});

it("restoreState names all that does not fit", async () => {
  await using device = await openDevice(wasm());
  expect(() => restoreState({ a: device.zeros([2]), b: device.zeros([3]) }, { b: device.zeros([4]) })).toThrow("restoreState: the saved state does not fit this run: a is missing and b is [4], expected [3].");
});
