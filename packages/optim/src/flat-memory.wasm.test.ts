import { openDevice } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { expect, it } from "vitest";
import { countTraining } from "./flat-memory.samples.ts";

it("1000 training steps on the CPU hold the same memory and make nothing new after the first", async () => {
  await using device = await openDevice(wasm());
  const counts = await countTraining(device, 1000);
  const { step: _, loss: first, ...afterFirst } = counts[0]!;
  for (const { step, loss: _loss, ...now } of counts) expect({ step, ...now }).toEqual({ step, ...afterFirst });
  expect(counts[999]!.loss).toBeLessThan(first / 3);
});
