import { reference } from "@multiway/reference";
import { openDevice } from "@multiway/tensor";
import { webgpu } from "@multiway/webgpu";
import { expect, it } from "vitest";
import { smallBindingBytes, vocabularyStep, type VocabularyStep } from "./large-vocabulary.samples.ts";

it("a table of words and an output layer larger than a binding give values and gradients as on any device", async () => {
  await using device = await openDevice(webgpu({ allowSoftware: true, maxBindingBytes: smallBindingBytes }));
  expect(device.backend.limits.maxBindingBytes).toBe(smallBindingBytes);
  const actual = await vocabularyStep(device);
  expect(actual.tableBytes).toBeGreaterThan(1.4 * smallBindingBytes);
  expect(device.counters.dispatches).toBeGreaterThan(0);
  await using judge = await openDevice(reference());
  const expected = await vocabularyStep(judge);
  expect(Math.abs(actual.loss - expected.loss)).toBeLessThan(1e-5);
  const worst = (part: keyof VocabularyStep) => (expected[part] as number[]).reduce((most, value, index) => Math.max(most, Math.abs(value - (actual[part] as number[])[index]!)), 0);
  expect(actual.logits).toHaveLength(2 * 10 * 241);
  expect(worst("logits")).toBeLessThan(1e-5);
  for (const part of ["table", "head"] as const) {
    expect(actual[part]).toHaveLength(241 * 48);
    expect(expected[part].some((value) => Math.abs(value) > 1e-4)).toBe(true);
    expect(worst(part)).toBeLessThan(1e-6);
  }
});
