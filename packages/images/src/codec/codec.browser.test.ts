import { describe, expect, it } from "vitest";
import { convertChannels } from "../channels.ts";
import { createImage } from "../image.ts";
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
});
