import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ImageError } from "@multiway/errors";
import { describe, expect, it } from "vitest";
import { createImage, decodeImage, encodePng, loadImage, toDataUrl, type Channels, type Image } from "../index.ts";

const folder = new URL("../../fixtures/photos/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface DecodeCase {
  file: string;
  size: [number, number];
  rgb_sha256: string;
  upright_size?: [number, number];
  upright_sha256?: string;
}
const cases = (JSON.parse(read("decode.json").toString()).files as DecodeCase[]).filter(({ file }) => existsSync(new URL(file, folder)));

describe("decodeImage", () => {
  it("has cases of all kinds", () => expect(cases.length).toBe(26));
  it.each(cases)("gives the bytes of Pillow for $file", async ({ file, size, rgb_sha256, upright_size, upright_sha256 }) => {
    const image = await decodeImage(read(file), { source: file });
    expect([image.width, image.height]).toEqual(size);
    expect(sha256(image.data)).toBe(rgb_sha256);
    if (!upright_sha256) return;
    const upright = await decodeImage(read(file), { source: file, orientation: "upright" });
    expect([upright.width, upright.height]).toEqual(upright_size);
    expect(sha256(upright.data)).toBe(upright_sha256);
  });
  it("drops alpha, keeps it, or blends it, as asked", async () => {
    const file = await encodePng({ width: 2, height: 1, channels: 4, data: Uint8Array.of(200, 100, 0, 51, 9, 8, 7, 255) });
    expect([...(await decodeImage(file)).data]).toEqual([200, 100, 0, 9, 8, 7]);
    expect([...(await decodeImage(file, { channels: 4 })).data]).toEqual([200, 100, 0, 51, 9, 8, 7, 255]);
    expect([...(await decodeImage(file, { background: [255, 255, 255] })).data]).toEqual([244, 224, 204, 9, 8, 7]);
    expect([...(await decodeImage(file, { channels: 1 })).data]).toEqual([118, 8]);
  });
  it("keeps the transparency of a palette when asked", async () => {
    const image = await decodeImage(read("variants/png-palette-trns.png"), { channels: 4 });
    expect(image.data.some((value, index) => index % 4 === 3 && value < 255)).toBe(true);
  });
});

describe("bad input", () => {
  const png = read("variants/rgb.png");
  const jpeg = read("hopper/hopper.jpg");
  const message = (bytes: Uint8Array, options = {}) => decodeImage(bytes, { source: "pictures/cat.png", ...options }).catch((error: Error) => {
    expect(ImageError.isInstance(error)).toBe(true);
    return error.message;
  });
  const patched = (bytes: Uint8Array, at: number, ...values: number[]) => {
    const copy = new Uint8Array(bytes);
    copy.set(values, at);
    return copy;
  };

  it("is never half decoded, wherever a file is cut", async () => {
    for (const file of ["variants/rgb.png", "variants/png-gray-interlaced.png", "hopper/hopper.jpg", "hopper/hopper.webp"]) {
      const bytes = read(file);
      for (let step = 0; step < 12; step++) {
        const cut = bytes.subarray(0, Math.floor((bytes.length * step) / 12.5));
        await expect(decodeImage(cut, { source: file }), `${file} cut to ${cut.length}`).rejects.toThrow(`decodeImage: ${file}`);
      }
    }
  });
  it("names file, place and remedy", async () => {
    expect(await message(new Uint8Array(0))).toBe("decodeImage: pictures/cat.png: the file is empty. Get a new copy.");
    expect(await message(new TextEncoder().encode("<html>"))).toBe(
      "decodeImage: pictures/cat.png: the file begins with 3c 68 74 6d; expected PNG, JPEG, WebP, GIF or AVIF. Convert the picture to PNG or JPEG.",
    );
    expect(await message(png.subarray(0, 60))).toMatch(/^decodeImage: pictures\/cat.png at byte 33: chunk "IDAT" announces \d+ bytes; 19 are left. The file is cut short; get a new copy.$/);
    expect(await message(patched(png, 60, 0))).toContain('the checksum of chunk "IDAT" does not match');
    expect(await message(jpeg.subarray(0, 3000))).toContain("this jpeg file cannot be decoded");
  });
  it("is refused by its size before anything is allocated", async () => {
    expect(await message(png, { maxPixels: 5000 })).toBe(
      "decodeImage: pictures/cat.png: the header says 97 × 61 = 5917 pixels; at most 5000 are accepted. Shrink the picture, or raise `maxPixels` if you trust where it comes from.",
    );
    expect(await message(jpeg, { maxPixels: 5000 })).toContain("128 × 128 = 16384 pixels; at most 5000 are accepted");
    expect(await message(read("hopper/hopper.webp"), { maxPixels: 5000 })).toContain("128 × 128 = 16384 pixels");
  });
  it.each([
    [0, 5],
    [5, 0],
    [30000, 30000],
    [65000, 65000],
  ])("is refused at %i × %i pixels by its header, in every format", async (width, height) => {
    for (const file of await claiming(width, height)) expect(await message(file)).toMatch(/^decodeImage: pictures\/cat.png: the header says (\d+ × 0|0 × \d+|\d+ × \d+ = \d+) pixels/);
  });
  it("is an error, or a whole picture, when it claims 30000 × 100 pixels and has few", async () => {
    const started = performance.now();
    for (const file of await claiming(30000, 100)) {
      const outcome = await decodeImage(file, { source: "long" }).catch((error: unknown) => error);
      if (ImageError.isInstance(outcome)) expect((outcome as Error).message).toMatch(/^decodeImage: long/);
      else {
        // Of AVIF, what is in the file counts, not what its container says.
        const { width, height, data } = outcome as Image;
        expect([data.length, width * height <= 3_000_000]).toEqual([3 * width * height, true]);
      }
    }
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  /** Small files of every format whose headers say so. */
  async function claiming(width: number, height: number): Promise<Uint8Array[]> {
    const { repairChecksums } = await import("./fuzz.samples.ts");
    const sized = (bytes: Uint8Array, write: (view: DataView) => void) => {
      const copy = new Uint8Array(bytes);
      write(new DataView(copy.buffer));
      return copy;
    };
    const find = (bytes: Uint8Array, marker: string) => Buffer.from(bytes).indexOf(Buffer.from(marker, "latin1"));
    const sharp = (await import("sharp")).default;
    const small = sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } });
    const avif = new Uint8Array(await small.clone().avif().toBuffer());
    const webp = new Uint8Array(await small.clone().webp({ lossless: false }).toBuffer());
    const gif = new Uint8Array(await small.clone().gif().toBuffer());
    const files = [
      repairChecksums(sized(png, (view) => (view.setUint32(16, width), view.setUint32(20, height)))),
      sized(jpeg, (view) => (view.setUint16(find(jpeg, "\xff\xc0") + 5, height), view.setUint16(find(jpeg, "\xff\xc0") + 7, width))),
      sized(gif, (view) => (view.setUint16(6, width, true), view.setUint16(8, height, true))),
      sized(avif, (view) => (view.setUint32(find(avif, "ispe") + 8, width), view.setUint32(find(avif, "ispe") + 12, height))),
    ];
    // 14 bits hold no more than 16383.
    if (width <= 30000) files.push(sized(webp, (view) => (view.setUint16(26, Math.min(width, 16383), true), view.setUint16(28, Math.min(height, 16383), true))));
    return files;
  }

  it("is refused when it is too small for the pixels it claims, before memory is taken for them", async () => {
    const { repairChecksums } = await import("./fuzz.samples.ts");
    const claims = repairChecksums(patched(png, 16, 0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10));
    expect(await message(claims)).toMatch(/: \d+ compressed bytes cannot hold the 300010000 that 10000 × 10000 pixels need\. The file is damaged; get a new copy\.$/);
  });
  it("is refused when a compressed stream is shorter than the header says, and cut when it is longer", async () => {
    const file = await encodePng(createImage(8, 8, 3, 7));
    const resized = async (height: number) => {
      const { crc32 } = await import("./png-header.ts");
      const copy = patched(file, 20, 0, 0, 0, height);
      new DataView(copy.buffer).setUint32(29, crc32(copy.subarray(12, 29)));
      return copy;
    };
    expect(await message(await resized(9))).toContain("the compressed pixels end after 200 of 225 bytes");
    expect((await decodeImage(await resized(4))).height).toBe(4);
  });
  it("says which path or address fails", async () => {
    await expect(loadImage("no/such/picture.png")).rejects.toThrow('loadImage: "no/such/picture.png" cannot be read (ENOENT). Check the path.');
  });
});

describe("encodePng", () => {
  it.each([
    [1, 1, 1],
    [7, 5, 1],
    [13, 11, 3],
    [64, 3, 4],
  ] as const)("round-trips %i × %i pixels of %i channels", async (width, height, channels) => {
    const image = createImage(width, height, channels as Channels);
    image.data.forEach((_, index) => (image.data[index] = (index * index * 31) & 255));
    expect(await decodeImage(await encodePng(image), { channels })).toEqual(image);
  });
  it("is read alike by another decoder", async () => {
    const sharp = (await import("sharp")).default;
    const image = await decodeImage(read("hopper/hopper.jpg"));
    expect(new Uint8Array(await sharp(await encodePng(image)).raw().toBuffer())).toEqual(image.data);
  });
  it("gives addresses that loadImage reads", async () => {
    const image = createImage(3, 2, 3, [1, 2, 3]);
    const address = await toDataUrl(image);
    expect(address).toMatch(/^data:image\/png;base64,iVBOR/);
    expect(await loadImage(address)).toEqual(image);
    expect(await loadImage(new Blob([(await encodePng(image)) as BlobPart]))).toEqual(image);
    expect((await loadImage(fileURLToPath(new URL("variants/rgb.png", folder)))).width).toBe(97);
  });
});
