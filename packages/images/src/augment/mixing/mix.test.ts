import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { drawMix, mixImages, mixTargets } from "../../index.ts";
import { drawBeta } from "./beta.ts";

const size = { width: 40, height: 30 };

describe("drawBeta", () => {
  // A beta distribution with both parameters a has mean 1/2 and variance 1 / (4 (2a + 1)).
  it.each([0.05, 0.2, 0.8, 1, 3])("has the moments for %d", (alpha) => {
    const draws = Array.from({ length: 4000 }, (_, seed) => drawBeta(alpha, key(seed)));
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length;
    const wanted = 1 / (4 * (2 * alpha + 1));
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(wanted / draws.length));
    expect(Math.abs(variance / wanted - 1)).toBeLessThan(0.08);
    expect(draws.every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});

describe("drawMix", () => {
  it("draws mixup and CutMix equally often, and depends on the key alone", () => {
    const mixes = Array.from({ length: 600 }, (_, seed) => drawMix(size, key(seed)));
    expect(Math.abs(mixes.filter(({ box }) => box).length - 300)).toBeLessThan(60);
    mixes.forEach((mix, seed) => expect(drawMix(size, key(seed))).toEqual(mix));
  });
  it("cuts boxes inside the picture and counts what is left of them", () => {
    for (let seed = 0; seed < 300; seed++) {
      const { share, box } = drawMix(size, key(seed), { mixupAlpha: 0 });
      const { left, top, width, height } = box!;
      expect(left >= 0 && top >= 0 && width >= 0 && height >= 0 && left + width <= 40 && top + height <= 30).toBe(true);
      expect(share).toBeCloseTo(1 - (width * height) / 1200, 12);
    }
  });
  it("can be switched off, in part or altogether", () => {
    const kinds = (options: Parameters<typeof drawMix>[2]) => new Set(Array.from({ length: 100 }, (_, seed) => drawMix(size, key(seed), options)).map(({ share, box }) => (box ? "cutmix" : share === 1 ? "none" : "mixup")));
    expect(kinds({ cutmixAlpha: 0 })).toEqual(new Set(["mixup"]));
    expect(kinds({ mixupAlpha: 0 })).toEqual(new Set(["cutmix"]));
    expect(kinds({ mixupAlpha: 0, cutmixAlpha: 0 })).toEqual(new Set(["none"]));
    expect(kinds({ probability: 0 })).toEqual(new Set(["none"]));
    expect(() => drawMix(size, key(0), { mixupAlpha: -1 })).toThrow("drawMix: mixupAlpha is -1; expected a number from 0 up.");
  });
});

describe("mixImages", () => {
  const shape = { count: 3, channels: 2, height: 2, width: 2 };
  const batch = () => Float32Array.from({ length: 24 }, (_, index) => index);
  it("blends with the batch read backwards; the middle one stays", () => {
    const mixed = mixImages(batch(), shape, { share: 0.75 });
    expect([...mixed.subarray(0, 3)]).toEqual([4, 5, 6]);
    expect([...mixed.subarray(8, 16)]).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
    expect([...mixed.subarray(16, 18)]).toEqual([12, 13]);
  });
  it("exchanges the box in every channel", () => {
    const mixed = mixImages(batch(), shape, { share: 0.5, box: { left: 1, top: 0, width: 1, height: 2 } });
    expect([...mixed.subarray(0, 8)]).toEqual([0, 17, 2, 19, 4, 21, 6, 23]);
    expect([...mixed.subarray(16)]).toEqual([16, 1, 18, 3, 20, 5, 22, 7]);
  });
  it("leaves the batch alone at share 1, and names a wrong count", () => {
    expect(mixImages(batch(), shape, { share: 1 })).toEqual(batch());
    expect(() => mixImages(batch(), { ...shape, count: 2 }, { share: 1 })).toThrow("mixImages: 24 numbers were given for [2, 2, 2, 2]; expected 16.");
  });
});

describe("mixTargets", () => {
  it("smooths and mixes, rows of sum 1", () => {
    const targets = mixTargets([0, 1, 3], { share: 0.75 }, { numClasses: 4, smoothing: 0.1 });
    const expected = [0.7, 0.025, 0.025, 0.25, 0.025, 0.925, 0.025, 0.025, 0.25, 0.025, 0.025, 0.7];
    targets.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 6));
  });
  it("joins equal labels, and gives plain ones without a mix", () => {
    expect([...mixTargets([2, 2], { share: 0.25 }, { numClasses: 3 })]).toEqual([0, 0, 1, 0, 0, 1]);
    expect([...mixTargets([2, 0], undefined, { numClasses: 3 })]).toEqual([0, 0, 1, 1, 0, 0]);
  });
  it("refuses labels that are none", () => {
    expect(() => mixTargets([0, 4], undefined, { numClasses: 4 })).toThrow("mixTargets: label 1 is 4; expected an integer from 0 to 3.");
    expect(() => mixTargets([0], undefined, { numClasses: 4, smoothing: 2 })).toThrow("mixTargets: smoothing is 2;");
  });
});
