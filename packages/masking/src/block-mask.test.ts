import { readFileSync } from "node:fs";
import { parseSafetensors } from "@multiway/checkpoint";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { blockMask, drawsFrom, type Draws } from "./index.ts";

interface Manifest {
  config: { grid: [number, number]; masked: number; min_block: number; max_block: number | null; min_aspect: number };
  replay: { draws: (["uniform" | "randint", number, number, number] | ["choice", number, number, number[]])[] }[];
  statistics: Record<string, unknown>;
}

const folder = new URL("../fixtures/", import.meta.url);
const load = (name: string) => ({
  manifest: JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as Manifest,
  tensors: parseSafetensors(readFileSync(new URL(`${name}.safetensors`, folder))).tensors,
});

/** Hands out recorded draws and insists on being asked for exactly them. */
function replay(draws: Manifest["replay"][number]["draws"]): Draws {
  let next = 0;
  return {
    uniform(low, high) {
      const [kind, from, to, value] = draws[next++]!;
      expect([kind, from, to]).toEqual(["uniform", expect.closeTo(low, 10), expect.closeTo(high, 10)]);
      return value as number;
    },
    integer(low, high) {
      const [kind, from, to, value] = draws[next++]!;
      expect([kind, from, to]).toEqual(["randint", low, high]);
      return value as number;
    },
    choice(count, from) {
      const draw = draws[next++]!;
      expect(draw[0]).toBe("choice");
      const [chosen, all] = [draw[1], draw[2]].sort((a, b) => a - b);
      expect([chosen, all]).toEqual([count, from]);
      return draw[3] as number[];
    },
  };
}

describe.each(["masks_14x14_75", "masks_10x16_small"])("%s", (name) => {
  const { manifest, tensors } = load(name);
  const { grid, masked, min_block, max_block, min_aspect } = manifest.config;
  const options = { rows: grid[0], columns: grid[1], count: masked, minBlock: min_block, minAspect: min_aspect, ...(max_block === null ? {} : { maxBlock: max_block }) };

  it("gives the recorded masks from the recorded draws", () => {
    const masks = tensors.get("outputs/masks")!.toHost();
    manifest.replay.forEach(({ draws }, index) => {
      const mask = blockMask(options, replay(draws));
      expect([...mask]).toEqual([...masks.subarray(index * mask.length, (index + 1) * mask.length)]);
    });
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
