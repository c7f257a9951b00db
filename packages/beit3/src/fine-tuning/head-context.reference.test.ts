import { createImage } from "@multiway/images";
import { key } from "@multiway/random";
import { reference } from "@multiway/reference";
import { openDevice, type Device } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { augmentations, HeadContext, type Augmentation } from "./head-context.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

/** One colour all over: no cut changes it, and no move but for what comes in at its edges. */
const plain = createImage(24, 24, 3, 200);
const place = { file: "train.csv", line: 1 };
const pictures = Array.from({ length: 24 }, () => ({ path: "plain.png", place }));

async function pixels(augmentation: Augmentation, seed = 1): Promise<Float32Array[]> {
  const context = new HeadContext({ device, imageSize: 12, vocabularySize: 8, maxTextLength: 8, augmentation, pictures: () => Promise.resolve(plain) });
  const all = await context.pixels("square", pictures, { key: key(seed), randAugment: false });
  return pictures.map((_, index) => all.subarray(index * 432, (index + 1) * 432));
}
const isPlain = (picture: Float32Array): boolean => picture.every((value) => Math.abs(value - (200 / 255 - 0.5) / 0.5) < 1e-6);

describe("a training picture", () => {
  test.each(augmentations)("%s: the same key gives the same numbers", async (augmentation) => {
    expect(await pixels(augmentation)).toEqual(await pixels(augmentation));
  });

  test.each(["official", "light", "none"] as const)("%s keeps one colour as it is", async (augmentation) => {
    expect((await pixels(augmentation)).every(isPlain)).toBe(true);
  });

  test("strong changes colours too, each picture by itself", async () => {
    const found = await pixels("strong");
    const changed = found.filter((picture) => !isPlain(picture));
    expect(changed.length).toBeGreaterThan(6);
    expect(new Set(changed.map((picture) => picture.join())).size).toBeGreaterThan(4);
    expect(found.flatMap((picture) => [...picture]).every((value) => value >= -1 && value <= 1)).toBe(true);
    expect(await pixels("strong", 2)).not.toEqual(found);
  });
});
