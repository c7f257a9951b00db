import { openDevice } from "@multiway/tensor";
import { webgpu } from "@multiway/webgpu";
import { expect, it } from "vitest";
import { countTraining } from "./flat-memory.samples.ts";

it("1000 training steps on WebGPU hold the same memory and make nothing new after the first", { timeout: 120_000 }, async () => {
  await using device = await openDevice(webgpu({ allowSoftware: true }));
  expect(device.name).toBe("webgpu");
  const counts = await countTraining(device, 1000);
  const { step: _, loss: first, ...afterFirst } = counts[0]!;
  for (const { step, loss: _loss, ...now } of counts) expect({ step, ...now }).toEqual({ step, ...afterFirst });
  expect(counts[999]!.loss).toBeLessThan(first / 3);
  expect(device.counters.dispatches).toBeGreaterThan(1000);
});
