import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { buildByteTrie, longestPrefix, lookUp } from "./byte-trie.ts";

describe("buildByteTrie", () => {
  it.each([0, 1, 7, 500, 4001])("finds %i random keys and nothing else", (count) => {
    const keys = new Map<string, number>();
    for (let index = 0; keys.size < count; index++) {
      const draw = key(count).fold(index);
      // A small alphabet makes shared prefixes; 0 and 255 are its borders.
      const bytes = Array.from(draw.bits(1 + (draw.bits(20)[19]! % 9)), (word) => [0, 1, 97, 98, 255][word % 5]!);
      keys.set(bytes.join(), keys.size);
    }
    const bytesOf = (name: string) => Uint8Array.from(name.split(","), Number);
    const trie = buildByteTrie([...keys.keys()].map(bytesOf), [...keys.values()]);
    for (const [name, value] of keys) {
      const bytes = bytesOf(name);
      expect(lookUp(trie, bytes, 0, bytes.length)).toBe(value);
      for (const other of [...bytes.keys()].slice(1)) {
        const prefix = bytes.subarray(0, other);
        expect(lookUp(trie, prefix, 0, other)).toBe(keys.get(prefix.join()) ?? -1);
      }
      const longer = Uint8Array.of(...bytes, 99);
      expect(lookUp(trie, longer, 0, longer.length)).toBe(-1);
      expect(longestPrefix(trie, longer, 0, longer.length)).toBe(bytes.length);
    }
    expect(lookUp(trie, Uint8Array.of(0, 98, 98, 7), 0, 4)).toBe(-1);
  });
});
