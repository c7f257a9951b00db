import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { planMemory, type Lifetime } from "./memory.ts";

const random = (seed: number): Lifetime[] => {
  const draws = key(seed);
  const count = draws.fold(0).integer(0, 40);
  return Array.from({ length: count }, (_, i) => {
    const own = draws.fold(i + 1);
    const first = own.fold(0).integer(0, 30);
    return { bytes: own.fold(1).integer(0, 5000), first, last: first + own.fold(2).integer(0, 12) };
  });
};

describe("planMemory", () => {
  it("never lets two lifetimes share bytes while both are alive, and needs no more than one place for each", () => {
    for (let seed = 0; seed < 400; seed++) {
      const alignment = [4, 16, 256][seed % 3]!;
      const lifetimes = random(seed);
      const { offsets, arenaBytes } = planMemory(lifetimes, alignment);
      const sizes = lifetimes.map(({ bytes }) => Math.max(alignment, Math.ceil(bytes / alignment) * alignment));
      expect(arenaBytes).toBeLessThanOrEqual(sizes.reduce((sum, size) => sum + size, 0));
      lifetimes.forEach((a, i) => {
        expect(offsets[i]! % alignment).toBe(0);
        expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(arenaBytes);
        lifetimes.forEach((b, j) => {
          if (i >= j || a.last < b.first || b.last < a.first) return;
          expect(offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!, `seed ${seed}: ${i} and ${j}`).toBe(true);
        });
      });
    }
  });

  it("uses memory again once it is free", () => {
    const chain = Array.from({ length: 100 }, (_, step) => ({ bytes: 1000, first: step, last: step + 1 }));
    expect(planMemory(chain, 4).arenaBytes).toBe(2000);
    expect(planMemory([], 4)).toEqual({ offsets: [], arenaBytes: 0 });
  });
});
