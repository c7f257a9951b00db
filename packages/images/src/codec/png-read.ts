import type { Channels, Image } from "../image.ts";
import { checkPixelCount, decodeError } from "./decode-error.ts";
import { pngColorTypes, pngSamples, readPngChunks, type PngHeader } from "./png-header.ts";
import { unfilterRows } from "./png-filter.ts";
import { inflateExactly } from "./zlib.ts";

/** The seven passes of Adam7: first column and row, then the steps. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Deflate makes at most 258 bytes of two bits (RFC 1951), so no more memory is taken than the file can fill. */
const maxInflation = 1032;

/** A rectangle of pixels that was filtered as a picture of its own. */
interface Pass {
  left: number;
  top: number;
  stepX: number;
  stepY: number;
  columns: number;
  rows: number;
  rowBytes: number;
}

/**
 * Decodes a PNG exactly, every colour type, depth and interlacing, without a canvas.
 *
 * 16-bit samples keep their high byte; 1, 2 and 4 bits are stretched to 0 … 255. Gamma and colour profiles are ignored, as Pillow does.
 *
 * @returns 1 channel for grey, 3 for colour, 4 where the file has alpha or transparency; and the file's EXIF block
 */
export async function readPng(bytes: Uint8Array, options: { source?: string | undefined; maxPixels: number }): Promise<{ image: Image; exif: Uint8Array }> {
  const { source, maxPixels } = options;
  const header = readPngChunks(bytes, source);
  const { width, height, depth } = header;
  checkPixelCount(source, width, height, maxPixels);
  const bitsPerPixel = depth * pngSamples[header.colorType];
  const passes = listPasses(header, bitsPerPixel);
  const expectedBytes = passes.reduce((sum, pass) => sum + pass.rows * (pass.rowBytes + 1), 0);
  const compressedBytes = header.compressed.reduce((sum, part) => sum + part.length, 0);
  if (compressedBytes * maxInflation < expectedBytes) {
    throw decodeError(source, `${compressedBytes} compressed bytes cannot hold the ${expectedBytes} that ${width} × ${height} pixels need`, "The file is damaged; get a new copy.");
  }
  const { bytes: data, problem } = await inflateExactly(header.compressed, expectedBytes);
  if (data.length < expectedBytes) {
    throw decodeError(source, `the compressed pixels end after ${data.length} of ${expectedBytes} bytes`, "The file is damaged; get a new copy.", { cause: problem });
  }
  const hasAlpha = header.colorType >= pngColorTypes.greyAlpha || header.transparency.length > 0;
  const isGrey = header.colorType === pngColorTypes.grey || header.colorType === pngColorTypes.greyAlpha;
  const channels: Channels = hasAlpha ? 4 : isGrey ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  const writePixel = pixelWriter(header, pixels, channels, source);
  let offset = 0;
  for (const pass of passes) {
    const badRow = unfilterRows(data, offset, pass.rowBytes, pass.rows, Math.max(1, bitsPerPixel >> 3));
    if (badRow >= 0) throw decodeError(source, `row ${badRow} has an unknown filter`, "The file is damaged; get a new copy.");
    for (let row = 0; row < pass.rows; row++) {
      const rowBegin = offset + row * (pass.rowBytes + 1) + 1;
      const target = (pass.top + row * pass.stepY) * width + pass.left;
      for (let column = 0; column < pass.columns; column++) writePixel(data, rowBegin, column, (target + column * pass.stepX) * channels);
    }
    offset += pass.rows * (pass.rowBytes + 1);
  }
  return { image: { width, height, channels, data: pixels }, exif: header.exif };
}

function listPasses(header: PngHeader, bitsPerPixel: number): Pass[] {
  const grid: readonly (readonly [number, number, number, number])[] = header.interlaced ? adam7 : [[0, 0, 1, 1]];
  return grid
    .map(([left, top, stepX, stepY]) => {
      const columns = Math.max(0, Math.ceil((header.width - left) / stepX));
      const rows = Math.max(0, Math.ceil((header.height - top) / stepY));
      return { left, top, stepX, stepY, columns, rows, rowBytes: Math.ceil((columns * bitsPerPixel) / 8) };
    })
    .filter((pass) => pass.columns > 0 && pass.rows > 0); // empty passes have no filter bytes either
}

type PixelWriter = (data: Uint8Array, rowBegin: number, column: number, to: number) => void;

/** How one pixel goes from an unfiltered row to the image. */
function pixelWriter(header: PngHeader, pixels: Uint8Array, channels: Channels, source: string | undefined): PixelWriter {
  const { depth, colorType, palette, transparency } = header;
  const samples = pngSamples[colorType];
  const sampleBytes = depth === 16 ? 2 : 1;
  const mask = (1 << Math.min(depth, 8)) - 1;
  const packed = (data: Uint8Array, rowBegin: number, column: number): number => {
    if (depth === 8) return data[rowBegin + column]!;
    const bit = column * depth;
    return (data[rowBegin + (bit >> 3)]! >> (8 - depth - (bit & 7))) & mask;
  };
  if (colorType === pngColorTypes.palette) {
    const entries = palette.length / 3;
    return (data, rowBegin, column, to) => {
      const entry = packed(data, rowBegin, column);
      if (entry >= entries) throw decodeError(source, `a pixel has palette entry ${entry}; the palette has ${entries}`, "The file is damaged; get a new copy.");
      for (let channel = 0; channel < 3; channel++) pixels[to + channel] = palette[entry * 3 + channel]!;
      if (channels === 4) pixels[to + 3] = transparency[entry] ?? 255;
    };
  }
  // tRNS names one transparent colour, compared in the file's own depth.
  const hasKey = transparency.length >= samples * 2;
  if (depth < 8) {
    const scale = 255 / mask;
    const transparent = hasKey ? ((transparency[0]! << 8) | transparency[1]!) & mask : -1;
    return (data, rowBegin, column, to) => {
      const value = packed(data, rowBegin, column);
      pixels.fill(value * scale, to, to + Math.min(channels, 3));
      if (channels === 4) pixels[to + 3] = value === transparent ? 0 : 255;
    };
  }
  const isGrey = samples <= 2;
  const alphaSample = samples === 2 ? 1 : samples === 4 ? 3 : -1;
  return (data, rowBegin, column, to) => {
    const from = rowBegin + column * samples * sampleBytes;
    const colors = channels === 1 ? 1 : 3;
    for (let channel = 0; channel < colors; channel++) pixels[to + channel] = data[from + (isGrey ? 0 : channel * sampleBytes)]!;
    if (channels !== 4) return;
    if (alphaSample >= 0) pixels[to + 3] = data[from + alphaSample * sampleBytes]!;
    else pixels[to + 3] = hasKey && equalsKey(data, from, transparency, samples, sampleBytes) ? 0 : 255;
  };
}

function equalsKey(data: Uint8Array, from: number, key: Uint8Array, samples: number, sampleBytes: number): boolean {
  for (let sample = 0; sample < samples; sample++) {
    if (data[from + sample * sampleBytes] !== key[sample * 2 + 2 - sampleBytes]) return false;
    if (sampleBytes === 2 && data[from + sample * 2 + 1] !== key[sample * 2 + 1]) return false;
  }
  return true;
}
