import { describe, expect, it } from "vitest";
import { cases } from "./index.ts";
import { attentionFlops, blockFlops } from "./flops.ts";

const flopsOf = (name: string) => cases.find((one) => one.name === name)!.flops;

describe("products that the mathematics needs", () => {
  it("of matrix products, in any layout", () => {
    for (const layout of ["", "-nt", "-tn", "-tt"]) expect(flopsOf(`matmul-768x768x3072${layout}`)).toBe(2 * 768 * 768 * 3072);
    expect(flopsOf("matmul-batched")).toBe(2 * 12 * 197 * 64 * 197);
  });
  it("of attention: two products of length × length × headDim in each head, hidden keys left out, three times for gradients", () => {
    expect(flopsOf("attention-197")).toBe(12 * (2 * 2 * 197 * 197 * 64));
    expect(attentionFlops(197, 197, 768)).toBe(flopsOf("attention-197"));
    expect(flopsOf("attention-197-padded")).toBe(12 * (2 * 2 * 197 * 160 * 64));
    expect(flopsOf("attention-197-backward")).toBe(3 * flopsOf("attention-197")!);
  });
  it("of blocks: twelve weights per squared width and row, and attention", () => {
    const rows = 197;
    const block = 2 * rows * 12 * 768 * 768 + flopsOf("attention-197")!;
    expect(blockFlops({ batch: 1, length: 197, embedDim: 768, ffnDim: 3072 })).toBe(block);
    expect(flopsOf("vit-12-1")).toBe(12 * block);
    expect(flopsOf("vit-12-8")).toBe(8 * 12 * block);
    // Patches of 16 × 16 × 3 numbers before the blocks.
    expect(flopsOf("beit3-base-224")).toBe(12 * block + 2 * 196 * 768 * 768);
  });
  it("of training steps", () => {
    const rows = 16 * 64;
    const forward = 4 * (2 * rows * 12 * 128 * 128 + 16 * 4 * (2 * 2 * 64 * 64 * 32)) + 2 * rows * 128 * 256;
    expect(flopsOf("train")).toBe(3 * forward);
    // Rows of pictures, texts and pairs, times 8 · 128² weights, forward and backward: most of it.
    const blocks = 3 * 4 * 2 * 48 * (17 + 16 + 25) * 8 * 128 * 128;
    expect(flopsOf("train-multiway")! / blocks).toBeGreaterThan(1.05);
    expect(flopsOf("train-multiway")! / blocks).toBeLessThan(1.25);
  });
  it("of writing a caption: two tokens a word through six layers, and one through the head", () => {
    const weights = 20 * (2 * 6 * 2 * 12 * 384 * 384 + 2 * 384 * 8000);
    // Keys are 197 of the picture, the two tokens, and 0 to 19 words: 208.5 on the average.
    expect(flopsOf("caption-20")).toBeCloseTo(weights + 20 * 6 * (2 * 2 * 2 * 208.5 * 384), 0);
  });
  it("are left out where products are not the work", () => {
    for (const name of ["layer-norm", "layer-norm-backward", "tiny-compiled", "tiny-uncompiled", "cold", "caption-cold"]) expect(flopsOf(name)).toBeUndefined();
  });
});
