import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { randomErasing } from "../index.ts";

const size = { width: 40, height: 30 };
const plane = size.width * size.height;
const fresh = () => new Float32Array(3 * plane).fill(9);

/** The erased box of each channel: left, top, right, bottom and how many values. */
function boxesOf(planes: Float32Array) {
  return [0, 1, 2].map((channel) => {
    const erased = [...planes.subarray(channel * plane, (channel + 1) * plane).entries()].filter(([, value]) => value !== 9).map(([index]) => [index % size.width, Math.floor(index / size.width)] as const);
    const xs = erased.map(([x]) => x);
    const ys = erased.map(([, y]) => y);
    return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs) + 1, bottom: Math.max(...ys) + 1, count: erased.length };
  });
}

describe("randomErasing", () => {
  it("erases one full box, the same in every channel, within area and ratio, give or take the rounding", () => {
    for (let seed = 0; seed < 100; seed++) {
      const boxes = boxesOf(randomErasing(fresh(), size, key(seed), { probability: 1 }));
      expect(boxes[1]).toEqual(boxes[0]);
      expect(boxes[2]).toEqual(boxes[0]);
      const { left, top, right, bottom, count } = boxes[0]!;
      expect(count).toBe((right - left) * (bottom - top));
      expect(count / plane).toBeGreaterThan(0.015);
      expect(count / plane).toBeLessThan(0.36);
      expect((bottom - top) / (right - left)).toBeGreaterThan(0.25);
      expect((bottom - top) / (right - left)).toBeLessThan(4);
    }
  });
  it("fills with normal noise, one number per channel, or 0", () => {
    const noise = randomErasing(fresh(), size, key(5), { probability: 1, area: [0.3, 0.33] }).filter((value) => value !== 9);
    expect(Math.abs(noise.reduce((sum, value) => sum + value, 0) / noise.length)).toBeLessThan(0.15);
    expect(noise.reduce((sum, value) => sum + value * value, 0) / noise.length).toBeCloseTo(1, 0);
    const flat = randomErasing(fresh(), size, key(5), { probability: 1, fill: "channel" });
    expect(new Set(flat.filter((value) => value !== 9)).size).toBe(3);
    expect(new Set(randomErasing(fresh(), size, key(5), { probability: 1, fill: "zero" }))).toEqual(new Set([9, 0]));
  });
  it("happens as often as asked, and depends on the key alone", () => {
    const hits = Array.from({ length: 800 }, (_, seed) => randomErasing(fresh(), size, key(seed)).some((value) => value !== 9)).filter(Boolean).length;
    expect(Math.abs(hits - 200)).toBeLessThan(45);
    expect(randomErasing(fresh(), size, key(3), { probability: 1 })).toEqual(randomErasing(fresh(), size, key(3), { probability: 1 }));
  });
  it("never touches what a box cannot leave room around", () => expect(randomErasing(Float32Array.of(9, 9), { width: 1, height: 1 }, key(0), { probability: 1 })).toEqual(Float32Array.of(9, 9)));
  it("refuses what it cannot take", () => {
    expect(() => randomErasing(new Float32Array(5), { width: 2, height: 2 }, key(0))).toThrow("randomErasing: 5 numbers were given for planes of [2, 2]; expected a multiple of 4.");
    expect(() => randomErasing(fresh(), size, key(0), { area: [0, 2] })).toThrow("randomErasing: area is [0, 2];");
    expect(() => randomErasing(fresh(), size, key(0), { boxes: 0 })).toThrow("randomErasing: boxes is 0;");
  });
});
