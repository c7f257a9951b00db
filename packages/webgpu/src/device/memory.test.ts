import { describe, expect, it } from "vitest";
import { key } from "@multiway/random";
import { Memory, type Block } from "./memory.ts";

const mebibyte = 1024 * 1024;

/** A device that only counts what it is asked for. */
function open(maxBufferBytes = 1024 * mebibyte) {
  const sizes: number[] = [];
  let destroyed = 0;
  const device = { createBuffer: ({ size }: { size: number }) => (sizes.push(size), { destroy: () => void destroyed++ }) };
  return { memory: new Memory(device as unknown as GPUDevice, { alignment: 256, maxBufferBytes, onAllocation: () => undefined }), sizes, numDestroyed: () => destroyed };
}

describe("device memory", () => {
  it("puts many blocks in few buffers, which grow with what there is", () => {
    const { memory, sizes } = open();
    for (let block = 0; block < 1000; block++) memory.take(100_000, "tensor");
    expect(sizes.length).toBeLessThan(12);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1.5 * 1000 * 100_352);
  });
  it("gives what is larger than its buffers one of its own, and refuses what no buffer holds", () => {
    const { memory, sizes } = open(16 * mebibyte);
    memory.take(16 * mebibyte, "table");
    expect(sizes).toEqual([16 * mebibyte]);
    expect(() => memory.take(16 * mebibyte + 1, "table")).toThrow("webgpu: table needs 16777472 bytes in one buffer; this adapter allows 16777216.");
  });
  it("gives no byte twice, and starts blocks where bindings may", () => {
    const { memory } = open();
    const taken = new Set<Block>();
    const words = key(1).bits(4000);
    for (let step = 0; step < 2000; step++) {
      if (words[2 * step]! % 5 < 2 && taken.size > 0) {
        const block = [...taken][words[2 * step + 1]! % taken.size]!;
        taken.delete(block);
        memory.give(block);
        continue;
      }
      const bytes = words[2 * step + 1]! % 50_000;
      const block = memory.take(bytes, "tensor");
      expect(block.offset % 256).toBe(0);
      expect(block.capacity).toBeGreaterThanOrEqual(bytes);
      for (const other of taken) expect(other.memory !== block.memory || other.offset >= block.offset + block.capacity || block.offset >= other.offset + other.capacity).toBe(true);
      taken.add(block);
    }
  });
  it("gives the same places again to who takes and gives the same, under the same numbers", () => {
    const { memory, sizes } = open();
    const round = () => {
      const blocks = [100, 5000, 70_000, 256].map((bytes) => memory.take(bytes, "tensor"));
      for (const block of blocks) memory.give(block);
      return blocks.map(({ id }) => id);
    };
    const first = round();
    expect(new Set(first).size).toBe(4);
    expect(round()).toEqual(first);
    expect(sizes).toHaveLength(1);
  });
  it("gives large buffers back to the system when nobody uses them", () => {
    const { memory, sizes, numDestroyed } = open();
    const blocks = Array.from({ length: 8 }, () => memory.take(100 * mebibyte, "tensor"));
    for (const block of blocks) memory.give(block);
    expect(numDestroyed()).toBeGreaterThan(0);
    expect(numDestroyed()).toBeLessThan(sizes.length);
  });
});
