import { readFileSync } from "node:fs";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { createImage, crop, decodeImage, posterize, randAugment, solarize, type Image, type RandAugmentName } from "../../index.ts";
import { drawAmount, randAugmentOperations } from "./operations.ts";

const folder = new URL("../../../fixtures/photos/", import.meta.url);
const read = (name: string) => decodeImage(readFileSync(new URL(name, folder)));
const { input, cases } = JSON.parse(readFileSync(new URL("augment.json", folder), "utf8")) as { input: string; cases: { op: string; args: [number?]; expected: string }[] };
const whole = await read(input);
const named: Record<string, { apply(image: Image, amount: number): Image }> = {
  ...randAugmentOperations,
  Solarize: { apply: solarize },
  Posterize: { apply: posterize },
};

describe("operations of the official code", () => {
  it("has cases", () => expect(cases).toHaveLength(21));
  it.each(cases)("$op($args) gives the same bytes", async ({ op, args, expected }) => {
    expect(named[op]!.apply(whole, args[0] ?? 0)).toEqual(await read(expected));
  });
  it("takes level 7 for the amounts of the recipe, half of them negative", () => {
    const amounts = (name: RandAugmentName) => [...new Set(Array.from({ length: 40 }, (_, seed) => drawAmount(randAugmentOperations[name], 7, key(seed)).toFixed(2)))].sort();
    expect(amounts("Brightness")).toEqual(["1.36"]);
    expect(amounts("Sharpness")).toEqual(["1.36"]);
    expect(amounts("ShearX")).toEqual(["-0.21", "0.21"]);
    expect(amounts("TranslateY")).toEqual(["-7.00", "7.00"]);
    expect(amounts("Rotate")).toEqual(["-21.00", "21.00"]);
  });
});

describe("randAugment", () => {
  const image = crop(whole, { left: 30, top: 20, width: 16, height: 12 });
  it("depends on the key alone and leaves its input alone", () => {
    const before = new Uint8Array(image.data);
    for (let seed = 0; seed < 30; seed++) expect(randAugment(image, key(seed))).toEqual(randAugment(image, key(seed)));
    expect(image.data).toEqual(before);
  });
  it("carries out each draw half of the time, all draws equally often", () => {
    const count = (options: Parameters<typeof randAugment>[2]) => Array.from({ length: 600 }, (_, seed) => randAugment(image, key(seed), options) === image).filter(Boolean).length;
    // Unchanged: both left out, or the identity drawn: (0.5 + 0.5 / 10)² of 600 is 182.
    expect(Math.abs(count({}) - 182)).toBeLessThan(40);
    expect(Math.abs(count({ from: ["Brightness"] }) - 150)).toBeLessThan(40);
    expect(count({ probability: 0 })).toBe(600);
    expect(count({ from: ["Brightness"], probability: 1 })).toBe(0);
  });
  it("works on one pixel", () => {
    for (const from of Object.keys(randAugmentOperations) as RandAugmentName[]) {
      expect(randAugment(createImage(1, 1, 3, 9), key(3), { from: [from], probability: 1 }).data).toHaveLength(3);
    }
  });
  it("refuses what it cannot take", () => {
    expect(() => randAugment(createImage(2, 2, 4), key(0))).toThrow("randAugment: the image has 4 channels; expected 3. Convert it with `convertChannels(image, 3)`.");
    expect(() => randAugment(image, key(0), { magnitude: 11 })).toThrow("randAugment: magnitude is 11; expected a number from 0 to 10.");
    expect(() => randAugment(image, key(0), { operations: 1.5 })).toThrow("randAugment: operations is 1.5; expected a whole number from 0 up.");
    expect(() => randAugment(image, key(0), { from: ["Swirl" as RandAugmentName] })).toThrow('randAugment: from has "Swirl"; expected Identity, AutoContrast');
  });
});
