import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { createImage, decodeImage, evaluationTransform, imagenetNormalization, trainingTransform } from "../index.ts";

const folder = new URL("../../fixtures/photos/", import.meta.url);
const images = new Map<string, Awaited<ReturnType<typeof decodeImage>>>();
async function read(name: string) {
  if (!images.has(name)) images.set(name, await decodeImage(readFileSync(new URL(name, folder))));
  return images.get(name)!;
}

interface Case {
  source: string;
  op: string;
  sha256_uint8: string;
  mean: number[];
  first16_red_row0: number[];
  sample: [number, number, number, number][];
}
const cases = (JSON.parse(readFileSync(new URL("resize.json", folder), "utf8")).cases as Case[]).filter(({ source, op }) => op === "beit3-eval-224" && existsSync(new URL(source, folder)));

describe("evaluationTransform", () => {
  it("has cases", () => expect(cases.length).toBeGreaterThan(0));
  it.each(cases)("gives the official input for $source", async ({ source, sha256_uint8: sha256, mean, first16_red_row0: first, sample }) => {
    const input = evaluationTransform({ size: 224 })(await read(source));
    const plane = 224 * 224;
    // The checksum is of the bytes before normalisation, interleaved.
    const bytes = Uint8Array.from({ length: 3 * plane }, (_, index) => Math.round((input[(index % 3) * plane + Math.floor(index / 3)]! + 1) * 127.5));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
    mean.forEach((value, channel) => expect(input.subarray(channel * plane, (channel + 1) * plane).reduce((sum, x) => sum + x, 0) / plane).toBeCloseTo(value, 4));
    first.forEach((value, x) => expect(input[x]).toBeCloseTo(value, 5));
    for (const [channel, y, x, value] of sample) expect(input[channel * plane + y * 224 + x]).toBeCloseTo(value, 5);
  });
  it("keeps the middle for ImageNet, and ImageNet's constants", async () => {
    const image = await read("images/chelsea.png");
    const input = evaluationTransform({ size: 64, recipe: "imagenet", cropFraction: 64 / 72 })(image);
    const middle = await read("expected/chelsea--short72-bicubic-crop64.png");
    const { mean, std } = imagenetNormalization;
    middle.data.forEach((byte, index) => {
      const channel = index % 3;
      expect(Math.abs(input[channel * 64 * 64 + Math.floor(index / 3)]! - (byte / 255 - mean[channel]!) / std[channel]!)).toBeLessThan(1e-5);
    });
  });
  it("takes a picture of 30000 × 100 pixels; one that would become billions is refused by name", () => {
    const long = createImage(30_000, 100, 3, 51);
    for (const recipe of ["square", "imagenet"] as const) {
      const input = evaluationTransform({ size: 32, recipe, normalization: { mean: [0, 0, 0], std: [1, 1, 1] } })(long);
      expect([input.length, input.every((value) => Math.abs(value - 0.2) < 1e-6)]).toEqual([3 * 32 * 32, true]);
    }
    expect(() => evaluationTransform({ size: 224, recipe: "imagenet" })(createImage(30_000, 1))).toThrow(
      "resizeShorterSide: the image is 30000 × 1 pixels; with a shorter side of 224 it would be 6720000 × 224, and at most 100000000 pixels are made. Crop it first, or leave it out.",
    );
    expect(evaluationTransform({ size: 224 })(createImage(30_000, 1)).length).toBe(3 * 224 * 224);
  });
  it("refuses sizes and recipes that are none", () => {
    expect(() => evaluationTransform({ size: 0 })).toThrow("evaluationTransform: size is 0; expected a whole number of pixels from 1 up.");
    expect(() => evaluationTransform({ size: 8, recipe: "coco" as "square" })).toThrow('evaluationTransform: recipe is "coco"; expected square or imagenet.');
    expect(() => evaluationTransform({ size: 8, cropFraction: 2 })).toThrow("evaluationTransform: cropFraction is 2;");
  });
});

describe("trainingTransform", () => {
  it.each([{ recipe: "square" }, { recipe: "square", randAugment: true }, { recipe: "imagenet" }] as const)("gives the same numbers for the same key, and others for others: %o", async (options) => {
    const image = await read("expected/aug-chelsea--input.png");
    const transform = trainingTransform({ size: 12, ...options });
    const inputs = Array.from({ length: 20 }, (_, seed) => transform(image, key(seed)));
    inputs.forEach((input, seed) => expect(transform(image, key(seed))).toEqual(input));
    expect(new Set(inputs.map((input) => input.join())).size).toBe(20);
    for (const input of inputs) expect(input).toHaveLength(3 * 12 * 12);
  });
  it("is the plain resize when nothing is left to chance", async () => {
    const image = await read("expected/aug-chelsea--input.png");
    const whole = { area: [1, 1], ratio: [80 / 60, 80 / 60] } as const;
    expect(trainingTransform({ size: 24, crop: whole, flipProbability: 0 })(image, key(5))).toEqual(evaluationTransform({ size: 24 })(image));
  });
  it("takes grey and translucent pictures", () => {
    for (const channels of [1, 4] as const) expect(trainingTransform({ size: 8, randAugment: true })(createImage(20, 9, channels, 50), key(1))).toHaveLength(192);
  });
  it("refuses a wrong policy before any picture comes", () => expect(() => trainingTransform({ size: 8, autoAugment: "rand-x1" })).toThrow('the part "x1"'));
});
