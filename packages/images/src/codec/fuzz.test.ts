import { readFileSync } from "node:fs";
import { ImageError } from "@multiway/errors";
import { key } from "@multiway/random";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { checkImage, decodeImage, type Image } from "../index.ts";
import { damage, repairChecksums } from "./fuzz.samples.ts";

const read = (name: string) => new Uint8Array(readFileSync(new URL(`../../fixtures/photos/${name}`, import.meta.url)));
const trials = 2000;
const maxPixels = 1 << 20;

/** The image; or nothing when a typed error came. Everything else is thrown on. */
async function attempt(bytes: Uint8Array): Promise<Image | undefined> {
  try {
    // Four channels, so that transparency is looked at as well.
    return checkImage("fuzz", await decodeImage(bytes, { maxPixels, channels: 4, orientation: "upright" }));
  } catch (error) {
    if (!ImageError.isInstance(error) || !error.message.startsWith("decodeImage: ")) throw error;
    return undefined;
  }
}

const equal = (a: Image, b: Image) => a.width === b.width && a.height === b.height && Buffer.compare(a.data, b.data) === 0;

const jpegs = ["jpeg-gray", "jpeg-420", "jpeg-progressive", "jpeg-cmyk"].map((name) => read(`variants/${name}.jpg`));
const small = sharp(read("variants/rgb.png")).resize(24, 20);
const webps = [await small.clone().webp().toBuffer(), await small.clone().webp({ lossless: true }).toBuffer()];
const gifs = [await small.clone().gif().toBuffer()];

describe("damaged files", () => {
  const pngs = ["png-1bit", "png-palette-trns", "png-palette16-4bit", "gray", "png-gray-interlaced"].map((name) => read(`variants/${name}.png`));

  it(`give the right picture or a typed error, ${trials} PNGs`, async () => {
    let refused = 0;
    for (let trial = 0; trial < trials; trial++) {
      const whole = pngs[trial % pngs.length]!;
      const image = await attempt(damage(whole, key(1).fold(trial)));
      if (!image) refused++;
      // Whatever counts is under a checksum, so what is accepted must be as it was.
      else expect(equal(image, await decodeImage(whole, { channels: 4 }))).toBe(true);
    }
    expect(refused).toBeGreaterThan(trials * 0.8);
    expect(refused).toBeLessThan(trials);
  }, 60_000);

  it(`give a whole picture or a typed error, ${trials} PNGs whose checksums are right`, async () => {
    let refused = 0;
    for (let trial = 0; trial < trials; trial++) {
      const image = await attempt(repairChecksums(new Uint8Array(damage(pngs[trial % pngs.length]!, key(2).fold(trial)))));
      if (!image) refused++;
      else expect(image.width * image.height).toBeLessThanOrEqual(maxPixels);
    }
    expect(refused).toBeGreaterThan(trials / 4);
    expect(refused).toBeLessThan(trials);
  }, 60_000);

  it.each([
    ["JPEGs", jpegs],
    ["WebPs", webps],
    ["GIFs", gifs],
  ])(`give a whole picture or a typed error, ${trials} %s`, async (_, files) => {
    let refused = 0;
    for (let trial = 0; trial < trials; trial++) {
      const image = await attempt(damage(files[trial % files.length]!, key(3).fold(trial)));
      if (!image) refused++;
      else expect(image.width * image.height).toBeLessThanOrEqual(maxPixels);
    }
    expect(refused).toBeGreaterThan(trials / 5);
    expect(refused).toBeLessThan(trials);
  }, 60_000);
});
