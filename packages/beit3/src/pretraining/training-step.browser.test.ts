import { openDevice, type DeviceFactory } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { webgpu } from "@multiway/webgpu";
import { expect, it } from "vitest";
import { expectedLosses, lossTolerance } from "./training-step.expected.samples.ts";
import { trainingStepLosses } from "./training-step.samples.ts";

const devices: [string, DeviceFactory][] = [
  ["wasm", wasm()],
  ["webgpu", webgpu({ allowSoftware: true })],
];

it.each(devices)("a small pretraining in a page has the losses that Node has: %s", { timeout: 240_000 }, async (name, factory) => {
  await using device = await openDevice(factory);
  expect(device.name).toBe(name);
  const losses = await trainingStepLosses(device, expectedLosses.length);
  losses.forEach((loss, step) => expect(Math.abs(loss - expectedLosses[step]!)).toBeLessThan(lossTolerance));
  expect(device.counters.dispatches).toBeGreaterThan(100);
});
