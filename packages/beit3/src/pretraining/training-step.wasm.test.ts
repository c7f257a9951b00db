import { openDevice } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { expect, it } from "vitest";
import { expectedLosses, lossTolerance } from "./training-step.expected.samples.ts";
import { trainingStepLosses } from "./training-step.samples.ts";

it("a small pretraining on the CPU has the losses of the float64 device, and the same bits for one and for two threads", async () => {
  await using one = await openDevice(wasm({ threads: 1 }));
  await using two = await openDevice(wasm({ threads: 2 }));
  const losses = await trainingStepLosses(one, expectedLosses.length);
  losses.forEach((loss, step) => expect(Math.abs(loss - expectedLosses[step]!)).toBeLessThan(lossTolerance));
  expect(await trainingStepLosses(two, expectedLosses.length)).toEqual(losses);
});
