import { describe, expect, it } from "vitest";
import { createImage, denormalize, fillRect, heatMap, imagenetNormalization, normalize, paste, sheet, strokeRect } from "../index.ts";

describe("paste", () => {
  it("leaves out what is outside", () => {
    const target = createImage(3, 2, 1);
    paste(target, createImage(2, 2, 1, 5), { left: 2, top: -1 });
    expect([...target.data]).toEqual([0, 0, 5, 0, 0, 0]);
    paste(target, createImage(2, 2, 1, 5), { left: 9, top: 9 });
    expect([...target.data]).toEqual([0, 0, 5, 0, 0, 0]);
  });
  it("blends alpha and converts channels", () => {
    const target = createImage(1, 1, 3, 100);
    paste(target, createImage(1, 1, 4, [200, 0, 100, 51]), { left: 0, top: 0 });
    expect([...target.data]).toEqual([120, 80, 100]);
    expect([...paste(target, createImage(1, 1, 1, 3), { left: 0, top: 0 }).data]).toEqual([3, 3, 3]);
  });
});

describe("rectangles", () => {
  it("are filled and stroked inside their size", () => {
    expect([...fillRect(createImage(3, 2, 1), { left: 1, top: 0, width: 9, height: 1 }, [4]).data]).toEqual([0, 4, 4, 0, 0, 0]);
    const framed = strokeRect(createImage(5, 5, 1), { left: 0, top: 0, width: 5, height: 5 }, [1], { thicknessPx: 1 });
    expect(framed.data.reduce((sum, value) => sum + value)).toBe(16);
  });
});

describe("sheet", () => {
  it("lays out in reading order with gaps, smaller ones centred", () => {
    const made = sheet([createImage(2, 2, 3, 10), createImage(2, 2, 3, 20), createImage(1, 1, 3, 30)], { columns: 2, gapPx: 1, background: 0 });
    expect([made.width, made.height]).toEqual([7, 7]);
    const red = (x: number, y: number) => made.data[(y * 7 + x) * 3];
    expect([red(1, 1), red(4, 1), red(1, 4), red(2, 5), red(3, 3)]).toEqual([10, 20, 30, 0, 0]);
    expect(() => sheet([])).toThrow("sheet: no images were given");
  });
});

describe("heatMap", () => {
  it("shows the hottest colour where the value is largest", () => {
    const image = createImage(4, 4, 3, 100);
    const made = heatMap(image, Float32Array.of(0, 0, 0, 1), { width: 2, height: 2 }, { opacity: 1, colors: [[0, 0, 0], [255, 10, 0]] });
    expect([...made.data.subarray(45)]).toEqual([255, 10, 0]);
    expect([...made.data.subarray(0, 3)]).toEqual([0, 0, 0]);
    expect(heatMap(image, new Float32Array(4), { width: 2, height: 2 }, { opacity: 0 })).toEqual(image);
    expect(() => heatMap(image, new Float32Array(3), { width: 2, height: 2 })).toThrow("heatMap: 3 values were given for [2, 2]; expected 4.");
  });
});

describe("normalize", () => {
  it("comes back", () => {
    const image = createImage(16, 16, 3);
    image.data.forEach((_, index) => (image.data[index] = index & 255));
    expect(denormalize(normalize(image, imagenetNormalization), image, imagenetNormalization)).toEqual(image);
  });
  it("writes into a part of a batch and checks its size", () => {
    const batch = new Float32Array(24);
    normalize(createImage(2, 2, 3, 255), { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }, batch.subarray(12));
    expect([...batch]).toEqual([...Array(12).fill(0), ...Array(12).fill(1)]);
    expect(() => normalize(createImage(2, 2), imagenetNormalization, batch)).toThrow("normalize: the target has 24 numbers; expected 12 for [3, 2, 2].");
  });
});
