import { ImageError } from "@multiway/errors";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { convertChannels } from "../channels.ts";
import { createImage } from "../image.ts";
import { decodeImage } from "./decode.ts";
import { damage } from "./fuzz.samples.ts";
import { decodeCompressed, readSource } from "./codec.browser.ts";
import { readPng } from "./png-read.ts";
import { encodePng } from "./png-write.ts";

// Vite serves files by their path in the file system under /@fs; a literal `new URL` it would take for an asset.
const here = import.meta.url.replace(/^(https?:\/\/[^/]+)(?!\/@fs)/, "$1/@fs");
const fetchFixture = (name: string) => readSource(new URL(`../../fixtures/photos/${name}`, here));
const limits = { source: "x", maxPixels: 1e6 };

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const { files } = JSON.parse(new TextDecoder().decode(await fetchFixture("decode.json"))) as {
  files: { file: string; size: [number, number]; rgb_sha256: string; rgb_mean: [number, number, number]; pixels: number[][] }[];
};
const caseOf = (file: string) => files.find((entry) => entry.file === file)!;

describe("in a page", () => {
  it.each(["rgb", "png-16bit", "png-1bit", "png-gray-alpha", "png-interlaced", "png-palette-trns", "png-rgba"])("PNG is exact: %s", async (name) => {
    const { image } = await readPng(await fetchFixture(`variants/${name}.png`), limits);
    expect(await sha256(convertChannels(image, 3).data)).toBe(caseOf(`variants/${name}.png`).rgb_sha256);
  });
  it("PNG is written and read back, translucent colours too", async () => {
    const image = createImage(5, 4, 4, [200, 100, 3, 1]);
    expect((await readPng(await encodePng(image), limits)).image).toEqual(image);
  });
  it.each(["hopper.jpg", "hopper_orientation_6.jpg", "hopper.webp"])("%s is decoded as stored, within two levels of Pillow", async (name) => {
    const format = name.endsWith("webp") ? "webp" : "jpeg";
    const { size, pixels } = caseOf(`hopper/${name}`);
    const image = await decodeCompressed(await fetchFixture(`hopper/${name}`), { format, ...limits });
    expect([image.width, image.height]).toEqual(size);
    for (const [x, y, ...color] of pixels) {
      color.forEach((value, channel) => expect(Math.abs(image.data[(y! * image.width + x!) * 4 + channel]! - value)).toBeLessThanOrEqual(2));
    }
  });
  it("a damaged file is named", async () => {
    const cut = (await fetchFixture("hopper/hopper.jpg")).subarray(0, 700);
    await expect(decodeCompressed(cut, { format: "jpeg", ...limits })).rejects.toThrow("decodeImage: x: this browser cannot decode the jpeg file.");
  });
  it.each(["jpeg-420", "jpeg-progressive", "jpeg-gray", "jpeg-cmyk"])("%s is within two levels of Pillow in every byte", async (name) => {
    const { image: expected } = await readPng(await fetchFixture(`expected/${name}.png`), limits);
    const image = await decodeImage(await fetchFixture(`variants/${name}.jpg`));
    expect([image.width, image.height]).toEqual([expected.width, expected.height]);
    expect(Math.max(...image.data.map((value, index) => Math.abs(value - convertChannels(expected, 3).data[index]!)))).toBeLessThanOrEqual(2);
  });
  it("2000 damaged JPEGs give a whole picture or a typed error", async () => {
    const files = [await fetchFixture("variants/jpeg-gray.jpg"), await fetchFixture("variants/jpeg-420.jpg")];
    let refused = 0;
    for (let trial = 0; trial < 2000; trial++) {
      try {
        const image = await decodeImage(damage(files[trial % 2]!, key(4).fold(trial)), { maxPixels: 1 << 20 });
        expect(image.data.length).toBe(image.width * image.height * 3);
      } catch (error) {
        if (!ImageError.isInstance(error)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(200);
    expect(refused).toBeLessThan(2000);
  }, 60_000);
});
