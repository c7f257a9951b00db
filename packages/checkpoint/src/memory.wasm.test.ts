import { rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openCheckpoint } from "./index.ts";
import { elementsOf, saveLarge } from "./large-checkpoint.samples.ts";
import { readInChild } from "./read-in-child.samples.ts";

const path = (end: string): string => join(tmpdir(), `multiway-large-${process.pid}.${end}`);
/** What `pnpm exec tsx scripts/checkpoint-memory.ts` does with 900 MB. */
const sizeBytes = 200e6;
beforeAll(async () => {
  for (const end of ["pth", "safetensors"]) await saveLarge(path(end), sizeBytes);
}, 120_000);
afterAll(async () => {
  for (const end of ["pth", "safetensors"]) await rm(path(end), { force: true });
});

it.each(["pth", "safetensors"])("reads a large file onto a device with less than 1.1 times its size, beside the process itself: %s", { timeout: 120_000 }, async (end) => {
  const { size } = await stat(path(end));
  expect(size).toBeGreaterThan(sizeBytes);
  const idle = await readInChild(path(end), "none");
  const loaded = await readInChild(path(end), "wasm");
  const passed = await readInChild(path(end), "stream");
  expect(loaded.tensorCount).toBeGreaterThan(20);
  expect(loaded.peakBytes - idle.peakBytes).toBeLessThan(1.1 * size);
  // The largest tensor and what the collector has yet to take.
  expect(passed.peakBytes - idle.peakBytes).toBeLessThan(0.7 * size);
  await using reader = await openCheckpoint(path(end));
  const [first] = reader.entries.keys();
  expect(Buffer.compare((await reader.read(first!)).bytes, new Uint8Array(elementsOf(0, reader.entries.get(first!)!.shape[0]! * 768).buffer))).toBe(0);
});
