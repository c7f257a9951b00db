import { openDevice } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { expect, it } from "vitest";
import { expectedHeadLosses, headLossTolerance } from "./head-training.expected.samples.ts";
import { headTrainingLosses } from "./head-training.samples.ts";

it("a small answering head has the losses of the float64 device", async () => {
  await using device = await openDevice(wasm());
  const losses = await headTrainingLosses(device, expectedHeadLosses.length);
  losses.forEach((loss, step) => expect(Math.abs(loss - expectedHeadLosses[step]!)).toBeLessThan(headLossTolerance));
});
