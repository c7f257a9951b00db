import { reference } from "@multiway/reference";
import { openDevice } from "@multiway/tensor";
import { expect, it } from "vitest";
import { gatherMasked, maskedLoss } from "./index.ts";

it("is one mean over all hidden places of all kinds; filling counts for nothing", async () => {
  await using device = await openDevice(reference());
  const words = { logits: device.tensor([[0, 0], [2, 0], [5, 5]]), targets: device.tensor(Int32Array.of(0, 0, -1)) };
  const patches = { logits: device.tensor([[0, 0, 0]]), targets: device.tensor(Int32Array.of(2)) };
  const { loss, parts } = maskedLoss([words, patches]);
  const expected = [Math.log(2), Math.log(1 + Math.exp(-2)), Math.log(3)];
  expect(await loss.item()).toBeCloseTo(expected.reduce((a, b) => a + b) / 3, 12);
  expect(await parts[0]!.count.item()).toBe(2);
  expect(await parts[0]!.correct.item()).toBe(2);
  expect(await parts[1]!.correct.item()).toBe(0);
});

it("takes tokens at flat positions", async () => {
  await using device = await openDevice(reference());
  const tokens = device.tensor(Float32Array.from({ length: 12 }, (_, i) => i), { shape: [2, 3, 2] });
  expect(await gatherMasked(tokens, device.tensor(Int32Array.of(4, 0))).toArray()).toEqual([[8, 9], [0, 1]]);
});
