import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { centerCrop, createImage, crop, decodeImage, resize, resizePlanes, resizeShorterSide, shorterSideSize, type Image, type ResizeFilter } from "../index.ts";

const folder = new URL("../../fixtures/photos/", import.meta.url);
const cases = (JSON.parse(readFileSync(new URL("resize.json", folder), "utf8")).cases as { source: string; op: string; expected?: string }[]).filter(
  ({ expected }) => expected && existsSync(new URL(expected, folder)),
);

function run(image: Image, op: string): Image {
  const [, filter, size] = /^([a-z]+)-(\d+)$/.exec(op) ?? [];
  if (filter) return resize(image, { width: Number(size), height: Number(size), filter: filter as ResizeFilter });
  if (op === "short72-bicubic-crop64") return centerCrop(resizeShorterSide(image, 72), { width: 64, height: 64 });
  if (op.startsWith("resize box=")) return resize(image, { width: 96, height: 64, box: { left: 10.5, top: 20.25, right: 200.75, bottom: 150.5 } });
  expect(op).toMatch(/^centre crop 40x30/);
  const cut = crop(image, { left: (image.width >> 1) - 20, top: (image.height >> 1) - 15, width: 40, height: 30 });
  return resize(cut, { width: 100, height: 90 });
}

describe("resize", () => {
  it("has cases", () => expect(cases.length).toBe(7));
  it.each(cases)("gives the bytes of Pillow for $source, $op", async ({ source, op, expected }) => {
    const image = await decodeImage(readFileSync(new URL(source, folder)));
    expect(run(image, op)).toEqual(await decodeImage(readFileSync(new URL(expected!, folder))));
  });
  it.each(["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] as const)("keeps an even colour with %s, at sizes with 1 and primes", (filter) => {
    for (const [width, height] of [[1, 1], [1, 17], [31, 2], [13, 13]] as const) {
      for (const channels of [1, 3, 4] as const) {
        const color = [10, 200, 99, 255].slice(0, channels);
        expect(resize(createImage(7, 11, channels, color), { width, height, filter })).toEqual(createImage(width, height, channels, color));
      }
    }
  });
  it("treats channels alike, whichever their number", async () => {
    const image = await decodeImage(readFileSync(new URL("images/chelsea.png", folder)));
    const size = { width: 33, height: 47 };
    const plane = (of: Image, channel: number) => of.data.filter((_, index) => index % of.channels === channel);
    const green: Image = { ...image, channels: 1, data: plane(image, 1) };
    expect(plane(resize(image, size), 1)).toEqual(resize(green, size).data);
  });
  it("does not let the colour of transparent pixels bleed", () => {
    const image = createImage(2, 1, 4);
    image.data.set([255, 0, 0, 0, 0, 0, 255, 255]);
    expect([...resize(image, { width: 1, height: 1, filter: "box" }).data]).toEqual([0, 0, 255, 128]);
  });
  it("refuses sizes, boxes and filters with the numbers", () => {
    const image = createImage(4, 3);
    expect(() => resize(image, { width: 0, height: 3 })).toThrow("resize: the size is 0 × 3; expected positive whole numbers.");
    expect(() => resize(image, { width: 2, height: 2, box: { left: 0, top: 0, right: 5, bottom: 3 } })).toThrow("the box runs from (0, 0) to (5, 3); expected a part of the image of 4 × 3");
    expect(() => resize(image, { width: 2, height: 2, filter: "mitchell" as ResizeFilter })).toThrow('filter is "mitchell"');
    expect(() => resize({ ...image, width: 5 }, { width: 2, height: 2 })).toThrow("resize: 36 bytes were given for 5 × 3 pixels of 3 channels; expected 45.");
  });
});

describe("crop", () => {
  it("moves half a pixel to the even side, as Python rounds", () => {
    const column = (width: number) => ({ width, height: 1, channels: 1 as const, data: Uint8Array.from({ length: width }, (_, x) => x) });
    expect([...centerCrop(column(5), { width: 4, height: 1 }).data]).toEqual([0, 1, 2, 3]); // 0.5 → 0
    expect([...centerCrop(column(7), { width: 4, height: 1 }).data]).toEqual([2, 3, 4, 5]); // 1.5 → 2
  });
  it("pads with black where the image is smaller", () => {
    expect([...centerCrop(createImage(1, 1, 1, 9), { width: 3, height: 2 }).data]).toEqual([0, 9, 0, 0, 0, 0]);
  });
  it("cuts the longer side to a whole number", () => {
    expect(shorterSideSize({ width: 97, height: 61 }, 40)).toEqual({ width: 63, height: 40 });
    expect(shorterSideSize({ width: 40, height: 120 }, 40)).toEqual({ width: 40, height: 120 });
  });
  it("refuses what is outside", () => {
    expect(() => crop(createImage(4, 4), { left: 2, top: 0, width: 3, height: 1 })).toThrow("crop: 3 × 1 pixels from (2, 0) are outside the image of 4 × 4");
  });
});

describe("resizePlanes", () => {
  it("keeps a plane even in all modes", () => {
    for (const filter of ["bilinear", "bicubic"] as const) {
      for (const antialias of [false, true]) {
        const { data } = resizePlanes({ data: new Float32Array(35).fill(0.75), channels: 1, height: 5, width: 7 }, { width: 3, height: 11, filter, antialias });
        for (const value of data) expect(value).toBeCloseTo(0.75, 6);
      }
    }
  });
  it("names a wrong count", () => {
    expect(() => resizePlanes({ data: new Float32Array(5), channels: 1, height: 2, width: 3 }, { width: 1, height: 1, filter: "bilinear" })).toThrow("resizePlanes: 5 numbers were given for [1, 2, 3]; expected 6.");
  });
});
