import { openRecorder, programBudget } from "@multiway/testing/op-suite";
import { expect, test } from "vitest";
import { trainingStepLosses } from "./training-step.samples.ts";

/** Whoever raises one says why in the commit that does. */
test.each([
  ["wasm", { offsetAlignment: 64, maxBuffersPerKernel: 256 }, { kernels: 419, bytesRead: 6_032_296, bytesWritten: 2_699_484, arenaBytes: 815_296 }],
  ["webgpu", { offsetAlignment: 256, maxBuffersPerKernel: 8 }, { kernels: 424, bytesRead: 6_032_404, bytesWritten: 2_699_560, arenaBytes: 820_736 }],
] as const)("what a step of a small pretraining costs on %s, AdamW included", async (_, limits, budget) => {
  const recorder = await openRecorder(limits);
  await trainingStepLosses(recorder.device, 1);
  const step = recorder.programs.map(programBudget).reduce((most, program) => (program.kernels > most.kernels ? program : most));
  expect(step).toEqual(budget);
  await recorder.device.close();
});
