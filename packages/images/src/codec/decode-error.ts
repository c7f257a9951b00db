import { ImageError } from "@multiway/errors";

/** Where bytes come from, as messages name it. */
export function sourceName(source: string | undefined): string {
  return source ?? "the given bytes";
}

/** @param offset byte position in the file, when it is known */
export function decodeError(source: string | undefined, problem: string, remedy: string, options: { offset?: number; cause?: unknown } = {}): ImageError {
  const place = options.offset === undefined ? "" : ` at byte ${options.offset}`;
  return new ImageError(`decodeImage: ${sourceName(source)}${place}: ${problem}. ${remedy}`, {
    details: { source, offset: options.offset },
    ...("cause" in options ? { cause: options.cause } : {}),
  });
}

/** Refuses sizes before anything is allocated. */
export function checkPixelCount(source: string | undefined, width: number, height: number, maxPixels: number): void {
  if (width < 1 || height < 1) throw decodeError(source, `the header says ${width} × ${height} pixels`, "The file is damaged; get a new copy.");
  if (width * height > maxPixels) {
    throw decodeError(
      source,
      `the header says ${width} × ${height} = ${width * height} pixels; at most ${maxPixels} are accepted`,
      "Shrink the picture, or raise `maxPixels` if you trust where it comes from.",
    );
  }
}
