import { readFileSync } from "node:fs";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { runMaskCase } from "./golden.ts";
import { blockMask, drawsFrom } from "./index.ts";

interface Manifest {
  config: { grid: [number, number]; masked: number; min_block: number; max_block: number | null; min_aspect: number };
}

const folder = new URL("../fixtures/", import.meta.url);
const load = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as Manifest;

describe.each(["masks_14x14_75", "masks_10x16_small"])("%s", (name) => {
  const manifest = load(name);
  const { grid, masked, min_block, max_block, min_aspect } = manifest.config;
  const options = { rows: grid[0], columns: grid[1], count: masked, minBlock: min_block, minAspect: min_aspect, ...(max_block === null ? {} : { maxBlock: max_block }) };

  it("gives the recorded masks from the recorded draws, and masks of its own that are like them", async () => {
    const results = await runMaskCase(manifest, (file) => Promise.resolve(readFileSync(new URL(file, folder))));
    expect(results.map(({ name: output, passed, where }) => ({ output, passed, where: passed ? "" : where }))).toEqual(
      ["outputs/masks", "outputs/masked_count", "outputs/cell_frequency"].map((output) => ({ output, passed: true, where: "" })),
    );
  });

  it("always masks exactly as many patches as asked", () => {
    for (let seed = 0; seed < 200; seed++) {
      const mask = blockMask(options, drawsFrom(key(seed)));
      expect(mask.reduce((sum, value) => sum + value, 0)).toBe(masked);
    }
  });
});

it("covers a grid of any size, down to nothing and up to all", () => {
  for (const count of [0, 1, 6, 16]) {
    const mask = blockMask({ rows: 4, columns: 4, count, minBlock: 2 }, drawsFrom(key(count)));
    expect(mask.reduce((sum, value) => sum + value, 0)).toBe(count);
  }
});

it("says what is wrong with a count that does not fit", () => {
  expect(() => blockMask({ rows: 2, columns: 3, count: 7 }, drawsFrom(key(0)))).toThrow("blockMask: count is 7 on a grid of 2 × 3; expected 0 to 6.");
});
