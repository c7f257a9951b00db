import type { AttentionMaps } from "../worker/protocol.ts";

/** Whose attention is shown: the class token's, a patch's, or a word's. */
export type Query = { kind: "class" } | { kind: "patch"; patch: number } | { kind: "word"; word: number };

/**
 * How much a query looks at each patch, and at each word.
 *
 * @param head undefined for the mean of all
 */
export function lookOf({ heads, patchesPerSide, words, vision, language }: AttentionMaps, layer: number, head: number | undefined, query: Query): { patches: Float32Array; words: Float32Array } {
  const numPatches = patchesPerSide ** 2;
  const keys = 1 + numPatches + words.length;
  const [map, queries, row] = query.kind === "word" ? [language![layer]!, words.length, query.word] : [vision[layer]!, 1 + numPatches, query.kind === "class" ? 0 : 1 + query.patch];
  const chosen = head === undefined ? Array.from({ length: heads }, (_, index) => index) : [head];
  const sum = new Float32Array(keys);
  for (const one of chosen) {
    const from = (one * queries + row) * keys;
    for (let key = 0; key < keys; key++) sum[key]! += map[from + key]! / chosen.length;
  }
  return { patches: sum.slice(1, 1 + numPatches), words: sum.slice(1 + numPatches) };
}
