import { reference } from "@multiway/reference";
import { openDevice } from "@multiway/tensor";
import { expect, it } from "vitest";
import { expectedLosses } from "./training-step.expected.samples.ts";
import { trainingStepLosses } from "./training-step.samples.ts";

it("a small pretraining has the losses that are on record, in float64", async () => {
  await using device = await openDevice(reference());
  const losses = await trainingStepLosses(device, expectedLosses.length);
  losses.forEach((loss, step) => expect(loss).toBeCloseTo(expectedLosses[step]!, 9));
});
