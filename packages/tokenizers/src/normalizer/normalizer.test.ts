import { describe, expect, it } from "vitest";
import { readFixture } from "../../fixtures/read-fixture.ts";
import { defaultNormalizerSpec } from "../model-file/model.ts";
import { parseSentencePieceModel } from "../index.ts";
import { utf8Bytes } from "../text/utf8.ts";
import { buildByteTrie } from "../trie/byte-trie.ts";
import { Normalizer } from "./normalizer.ts";

const { normalizer: nmtNfkc } = parseSentencePieceModel(await readFixture("reference/unigram.model"));

function normalize(normalizer: Normalizer, text: string): { text: string; origins: number[] } {
  normalizer.run(text);
  return { text: normalizer.text(), origins: [...normalizer.origins.subarray(0, normalizer.size + 1)] };
}

/** Rules whose trie is a circle: the child "a" of the node "a" is that node again. Any run of "a" becomes 200 times "b". */
function cyclicRules(): Uint8Array {
  const units = new Uint32Array(256);
  const node = 96;
  units[0] = (node ^ 97) << 10;
  units[node] = 97 | 0x100 | (97 << 10); // label "a", a value hangs here, offset 97: node ^ 97 ^ 97 = node
  units[node ^ 97] = 0x80000000; // the value: replacement at 0
  const bytes = new Uint8Array(4 + 1024 + 201).fill(98, 1028, 1228);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 1024, true);
  units.forEach((unit, index) => view.setUint32(4 + index * 4, unit, true));
  return bytes;
}

describe("Normalizer", () => {
  it("equals the platform's NFKC on single characters that both know, in one blank-free word", () => {
    const normalizer = new Normalizer({ ...nmtNfkc, addDummyPrefix: false }, false);
    let compared = 0;
    for (const text of "ﬁﬂ①½ⅣⅧＡＢ１ｶﾞガ㌔℃Å™ﷺẛ̣ΐſǆ㈱豈") {
      const expected = text.normalize("NFKC");
      if (expected.includes(" ")) continue;
      expect(normalize(normalizer, text).text).toBe(expected);
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
  });

  it("joins, trims and marks blanks, and knows where each byte came from", () => {
    const normalizer = new Normalizer(defaultNormalizerSpec(), false);
    expect(normalize(normalizer, "  é  b ")).toEqual({ text: "▁é▁b", origins: [2, 2, 2, 2, 2, 3, 3, 3, 5, 6] });
    expect(normalize(normalizer, "   ")).toEqual({ text: "", origins: [0] });
    expect(normalize(normalizer, "")).toEqual({ text: "", origins: [0] });
    // Offsets count code points, not UTF-16 units.
    expect(normalize(normalizer, "🙂a").origins.at(-1)).toBe(2);
  });

  it("keeps blanks, leaves them plain, or puts one behind when told", () => {
    const spec = defaultNormalizerSpec();
    expect(normalize(new Normalizer({ ...spec, removeExtraWhitespaces: false }, false), " a  b").text).toBe("▁▁a▁▁b");
    expect(normalize(new Normalizer({ ...spec, escapeWhitespaces: false }, false), "a  b").text).toBe(" a b");
    expect(normalize(new Normalizer(spec, true), " a b ").text).toBe("a▁b▁");
  });

  it("never touches a user-defined symbol", () => {
    const trie = buildByteTrie(["ﬁ", "<x>"].map(utf8Bytes), [0, 1]);
    expect(normalize(new Normalizer(nmtNfkc, false, trie), "ﬁ ﬂ <x>").text).toBe("▁ﬁ▁fl▁<x>");
  });

  it("is done at once with a damaged trie that leads in a circle, and stops text that only grows", () => {
    const started = performance.now();
    const normalizer = new Normalizer({ ...defaultNormalizerSpec(), rules: cyclicRules() }, false);
    expect(() => normalizer.run("ca".repeat(20_000))).toThrow("at most 64 times as many are accepted. The model file's rules are damaged.");
    expect(normalize(normalizer, "a".repeat(100_000)).text).toMatch(/^▁b{78200}$/); // ⌈100000 / 256⌉ matches
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
