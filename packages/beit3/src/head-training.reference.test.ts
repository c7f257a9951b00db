import { reference } from "@multiway/reference";
import { openDevice } from "@multiway/tensor";
import { expect, it } from "vitest";
import { expectedHeadLosses } from "./head-training.expected.samples.ts";
import { headTrainingLosses } from "./head-training.samples.ts";

it("a small answering head learns with the losses that are on record, in float64", async () => {
  await using device = await openDevice(reference());
  const losses = await headTrainingLosses(device, expectedHeadLosses.length);
  losses.forEach((loss, step) => expect(loss).toBeCloseTo(expectedHeadLosses[step]!, 9));
});
