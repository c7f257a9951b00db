import { readFileSync } from "node:fs";
import { ImageError } from "@multiway/errors";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { checkImage, decodeImage, type Image } from "../index.ts";
import { damage, repairChecksums } from "./fuzz.samples.ts";

const read = (name: string) => new Uint8Array(readFileSync(new URL(`../../fixtures/photos/variants/${name}`, import.meta.url)));
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

describe("damaged files", () => {
  const pngs = ["png-1bit.png", "png-palette-trns.png", "png-palette16-4bit.png", "gray.png", "png-gray-interlaced.png"];

  it(`give the right picture or a typed error, ${trials} PNGs`, async () => {
    let refused = 0;
    for (let trial = 0; trial < trials; trial++) {
      const whole = read(pngs[trial % pngs.length]!);
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
      const image = await attempt(repairChecksums(new Uint8Array(damage(read(pngs[trial % pngs.length]!), key(2).fold(trial)))));
      if (!image) refused++;
      else expect(image.width * image.height).toBeLessThanOrEqual(maxPixels);
    }
    expect(refused).toBeGreaterThan(trials / 4);
    expect(refused).toBeLessThan(trials);
  }, 60_000);

  it(`give a whole picture or a typed error, ${trials} JPEGs`, async () => {
    const jpegs = ["jpeg-gray.jpg", "jpeg-420.jpg", "jpeg-progressive.jpg", "jpeg-cmyk.jpg"].map(read);
    let refused = 0;
    for (let trial = 0; trial < trials; trial++) {
      const image = await attempt(damage(jpegs[trial % jpegs.length]!, key(3).fold(trial)));
      if (!image) refused++;
      else expect(image.width * image.height).toBeLessThanOrEqual(maxPixels);
    }
    expect(refused).toBeGreaterThan(trials / 4);
    expect(refused).toBeLessThan(trials);
  }, 60_000);
});
