import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  colorJitter,
  createImage,
  flipHorizontal,
  randomCropRect,
  randomFlip,
  randomResizedCrop,
  randomShift,
  shift,
  type Image,
} from "../index.ts";

function noise(width: number, height: number): Image {
  const image = createImage(width, height);
  key(9).bits(image.data.length).forEach((bits, index) => (image.data[index] = bits >>> 24));
  return image;
}

describe("randomCropRect", () => {
  it("stays inside and within area and ratio, give or take the rounding", () => {
    for (let seed = 0; seed < 300; seed++) {
      const { left, top, width, height } = randomCropRect({ width: 97, height: 61 }, key(seed), { area: [0.2, 0.9] });
      expect(left >= 0 && top >= 0 && left + width <= 97 && top + height <= 61).toBe(true);
      const area = (width * height) / (97 * 61);
      expect(area).toBeGreaterThan(0.18);
      expect(area).toBeLessThan(0.93);
      expect(width / height).toBeGreaterThan(0.7);
      expect(width / height).toBeLessThan(1.4);
    }
  });
  it("falls back to the largest centred rectangle with an allowed ratio", () => {
    expect(randomCropRect({ width: 100, height: 10 }, key(1), { area: [1, 1] })).toEqual({ left: 43, top: 0, width: 13, height: 10 });
    expect(randomCropRect({ width: 10, height: 100 }, key(1), { area: [1, 1] })).toEqual({ left: 0, top: 43, width: 10, height: 13 });
    expect(randomCropRect({ width: 1, height: 1 }, key(1))).toEqual({ left: 0, top: 0, width: 1, height: 1 });
  });
  it("draws the area evenly", () => {
    const areas = Array.from({ length: 2000 }, (_, seed) => randomCropRect({ width: 400, height: 400 }, key(seed), { area: [0.1, 0.5] })).map((rect) => (rect.width * rect.height) / 160000);
    expect(areas.reduce((sum, area) => sum + area, 0) / areas.length).toBeCloseTo(0.3, 1);
  });
  it("refuses impossible ranges", () => {
    expect(() => randomCropRect({ width: 4, height: 4 }, key(0), { area: [0.5, 2] })).toThrow("randomCropRect: area is [0.5, 2]; expected two positive numbers, the smaller first, at most 1.");
  });
});

describe("enhancing", () => {
  const pixel = (...data: number[]): Image => ({ width: 1, height: 1, channels: 3, data: Uint8Array.from(data) });
  it("follows Pillow's arithmetic: cut, not rounded, and clamped", () => {
    expect([...adjustBrightness(pixel(10, 100, 250), 1.36).data]).toEqual([13, 136, 255]);
    // Grey of (10, 100, 250) is 90, and the mean of one pixel is itself.
    expect([...adjustSaturation(pixel(10, 100, 250), 0.5).data]).toEqual([50, 95, 170]);
    expect([...adjustContrast(pixel(10, 100, 250), 2).data]).toEqual([0, 110, 255]);
  });
  it("changes nothing at 1 and leaves alpha alone", () => {
    const image = createImage(3, 3, 4, [9, 80, 200, 77]);
    for (const adjust of [adjustBrightness, adjustContrast, adjustSaturation]) {
      expect(adjust(image, 1)).toEqual(image);
      expect(adjust(image, 0.3).data[3]).toBe(77);
    }
  });
});

describe("random augmentations", () => {
  const image = noise(20, 15);
  it("depend on the key alone", () => {
    expect(colorJitter(image, key(4))).toEqual(colorJitter(image, key(4)));
    expect(colorJitter(image, key(4))).not.toEqual(colorJitter(image, key(5)));
    expect(randomResizedCrop(image, { width: 8, height: 8 }, key(1))).toEqual(randomResizedCrop(image, { width: 8, height: 8 }, key(1)));
  });
  it("does nothing with strength 0", () => expect(colorJitter(image, key(1), { brightness: 0, contrast: 0, saturation: 0 })).toBe(image));
  it("flips half of the time", () => {
    const flips = Array.from({ length: 1000 }, (_, seed) => randomFlip(image, key(seed)) !== image).filter(Boolean).length;
    expect(Math.abs(flips - 500)).toBeLessThan(60);
    expect(flipHorizontal(flipHorizontal(image))).toEqual(image);
  });
  it("shifts and fills", () => {
    const line: Image = { width: 4, height: 1, channels: 1, data: Uint8Array.of(1, 2, 3, 4) };
    expect([...shift(line, { x: 1, y: 0 }, 9).data]).toEqual([9, 1, 2, 3]);
    expect([...shift(line, { x: -2, y: 0 }, 9).data]).toEqual([3, 4, 9, 9]);
    expect([...shift(line, { x: 0, y: 1 }, [7]).data]).toEqual([7, 7, 7, 7]);
    const seen = new Set(Array.from({ length: 200 }, (_, seed) => randomShift(line, key(seed), { maxPixels: 1 }).data.join()));
    expect(seen.size).toBe(4); // left, right, back again, and away above or below
  });
});
