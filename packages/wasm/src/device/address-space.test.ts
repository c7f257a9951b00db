import { expect, test } from "vitest";
import { AddressSpace, sizeClass } from "./address-space.ts";

test("size classes lose at most an eighth", () => {
  expect(sizeClass(0)).toBe(64);
  expect(sizeClass(65)).toBe(128);
  expect(sizeClass(4096)).toBe(4096);
  for (const size of [4097, 5000, 65537, 1e6, 3e9]) {
    expect(sizeClass(size)).toBeGreaterThanOrEqual(size);
    expect(sizeClass(size)).toBeLessThanOrEqual(size * 1.126);
    expect(sizeClass(size) % 64).toBe(0);
  }
  expect(sizeClass(2 ** 20)).toBe(2 ** 20);
});

test("neighbours that are given back join, and the end is extended by a free last block", () => {
  const space = new AddressSpace(1024, 1 << 20);
  const blocks = [0, 1, 2, 3].map(() => space.allocate(1024)!);
  expect(blocks).toEqual([1024, 2048, 3072, 4096]);
  space.release(2048);
  space.release(4096);
  space.release(3072);
  expect(space.freeBytes).toBe(3072);
  expect(space.allocate(3000)).toBe(2048);
  const end = space.end;
  space.release(2048);
  expect(space.allocate(4096)).toBe(2048);
  expect(space.end).toBe(end + 1024);
  expect(() => space.release(3072)).toThrow("not taken");
});

test("random traffic: blocks never overlap, all returns to one block", () => {
  const space = new AddressSpace(64, 2 ** 32);
  const live = new Map<number, number>();
  let seed = 1;
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 3000; round++) {
    if (random(5) < 3) {
      const size = random(20000);
      const address = space.allocate(size)!;
      for (const [other, otherSize] of live) if (address < other + otherSize && other < address + size) throw new Error(`${address} overlaps ${other}`);
      live.set(address, size);
    } else if (live.size > 0) {
      const address = [...live.keys()][random(live.size)]!;
      live.delete(address);
      space.release(address);
    }
  }
  for (const address of live.keys()) space.release(address);
  expect(space.freeBytes).toBe(space.end - 64);
});

test("a full space says so", () => {
  const space = new AddressSpace(0, 8192);
  expect(space.allocate(8192)).toBe(0);
  expect(space.allocate(1)).toBeUndefined();
});
