import { openDevice } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { expect, it } from "vitest";
import { expectedHeadLosses, headLossTolerance } from "./head-training.expected.samples.ts";
import { headTrainingLosses } from "./head-training.samples.ts";

it("a small answering head in a page has the losses that Node has", { timeout: 240_000 }, async () => {
  await using device = await openDevice(wasm());
  expect(device.name).toBe("wasm");
  const losses = await headTrainingLosses(device, expectedHeadLosses.length);
  losses.forEach((loss, step) => expect(Math.abs(loss - expectedHeadLosses[step]!)).toBeLessThan(headLossTolerance));
  expect(device.counters.dispatches).toBeGreaterThan(100);
});
