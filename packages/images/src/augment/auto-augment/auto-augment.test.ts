import { readFileSync } from "node:fs";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { autoAugment, beit3AutoAugment, createImage, crop, decodeImage, parseAutoAugment } from "../../index.ts";
import { autoAugmentOperations } from "./operations.ts";

const photo = await decodeImage(readFileSync(new URL("../../../fixtures/photos/expected/aug-chelsea--input.png", import.meta.url)));
const image = crop(photo, { left: 30, top: 20, width: 16, height: 12 });

describe("parseAutoAugment", () => {
  it("reads timm's strings", () => {
    const plain = { magnitude: 10, operations: 2, magnitudeStd: 0, maxMagnitude: 10, probability: 0.5, isIncreasing: false, isWeighted: false };
    expect(parseAutoAugment("rand")).toEqual(plain);
    expect(parseAutoAugment(beit3AutoAugment)).toEqual({ ...plain, magnitude: 9, magnitudeStd: 0.5, isIncreasing: true });
    expect(parseAutoAugment("rand-m15-n4-mmax20-p0.25-w0-mstd101")).toEqual({ ...plain, magnitude: 15, operations: 4, maxMagnitude: 20, probability: 0.25, isWeighted: true, magnitudeStd: Infinity });
  });
  it.each([
    ["original-mstd0.5", 'parseAutoAugment: the policy is "original-mstd0.5"; expected "rand" followed by'],
    ["rand-m", 'has the part "m"; expected'],
    ["rand-q9", 'has the part "q9"'],
    ["rand-m9-", 'has the part ""'],
    ["rand-p2", 'has the part "p2"'],
    ["rand-n1.5", 'has the part "n1.5"'],
    ["rand-constructor1", 'has the part "constructor1"'],
  ])("refuses %j", (text, message) => expect(() => parseAutoAugment(text)).toThrow(message));
});

describe("amounts", () => {
  const amount = (name: string, magnitude: number, { sign = 1, increasing = true } = {}) => autoAugmentOperations(increasing)[name]!.amountOf(magnitude, sign);
  it("are those of timm at magnitude 9", () => {
    expect(amount("Rotate", 9)).toBe(27);
    expect(amount("ShearX", 9, { sign: -1 })).toBeCloseTo(-0.27, 12);
    expect(amount("TranslateX", 9)).toBeCloseTo(0.405, 12);
    expect(amount("SolarizeAdd", 9)).toBe(99);
    expect([amount("Posterize", 9), amount("Posterize", 9, { increasing: false })]).toEqual([1, 3]);
    expect([amount("Solarize", 9), amount("Solarize", 9, { increasing: false })]).toEqual([26, 230]);
    expect([amount("Color", 9), amount("Color", 9, { sign: -1 }), amount("Color", 9, { increasing: false })].map((value) => value.toFixed(2))).toEqual(["1.81", "0.19", "1.72"]);
  });
  it("leave the picture alone at magnitude 0 of an increasing policy", () => {
    const operations = autoAugmentOperations(true);
    for (const name of ["Rotate", "SolarizeAdd", "Color", "Contrast", "Brightness", "Sharpness", "ShearX", "ShearY", "TranslateX", "TranslateY", "Solarize"]) {
      expect(operations[name]!.apply(image, operations[name]!.amountOf(0, 1), {})).toEqual(image);
    }
  });
  it("stay possible when the magnitude exceeds 10", () => {
    for (const increasing of [false, true]) {
      for (const operation of Object.values(autoAugmentOperations(increasing))) expect(operation.apply(image, operation.amountOf(30, -1), {}).data).toHaveLength(image.data.length);
    }
  });
});

describe("autoAugment", () => {
  it("depends on the key alone and leaves its input alone", () => {
    const before = new Uint8Array(image.data);
    const results = Array.from({ length: 40 }, (_, seed) => autoAugment(image, key(seed), beit3AutoAugment));
    results.forEach((result, seed) => expect(autoAugment(image, key(seed), beit3AutoAugment)).toEqual(result));
    expect(new Set(results.map(({ data }) => data.join())).size).toBeGreaterThan(20);
    expect(image.data).toEqual(before);
  });
  it("leaves a quarter alone", () => {
    const untouched = Array.from({ length: 400 }, (_, seed) => autoAugment(image, key(seed), beit3AutoAugment) === image).filter(Boolean).length;
    expect(Math.abs(untouched - 100)).toBeLessThan(35);
  });
  it("draws by weight without repetition", () => {
    const all = autoAugment(image, key(1), "rand-m5-n13-w0-p1");
    expect(all.data).toHaveLength(image.data.length);
    expect(() => autoAugment(image, key(1), "rand-n14-w0")).toThrow("autoAugment: the policy draws 14 operations without repetition; 13 have a weight. Lower n, or leave out w0.");
  });
  it("wants colour", () => expect(() => autoAugment(createImage(2, 2, 1), key(0), "rand")).toThrow("autoAugment: the image has 1 channels; expected 3."));
});
