import { openDevice } from "@multiway/tensor";
import { webgpu } from "@multiway/webgpu";
import { expect, it } from "vitest";
import { expectedLosses, lossTolerance } from "./training-step.expected.samples.ts";
import { trainingStepLosses } from "./training-step.samples.ts";

it("a small pretraining on WebGPU has the losses of the float64 device", { timeout: 180_000 }, async () => {
  await using device = await openDevice(webgpu({ allowSoftware: true }));
  expect(device.name).toBe("webgpu");
  const losses = await trainingStepLosses(device, expectedLosses.length);
  losses.forEach((loss, step) => expect(Math.abs(loss - expectedLosses[step]!)).toBeLessThan(lossTolerance));
  expect(device.counters.dispatches).toBeGreaterThan(100);
});
