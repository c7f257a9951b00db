/** File formats that are told apart by their first bytes. */
export type ImageFormat = "png" | "jpeg" | "webp" | "gif" | "avif" | "unknown";

/** The format of a file, from its first 12 bytes. */
export function detectFormat(bytes: Uint8Array): ImageFormat {
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "png";
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return "jpeg";
  if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 12) === "WEBP") return "webp";
  if (text(bytes, 0, 4) === "GIF8") return "gif";
  if (text(bytes, 4, 12) === "ftypavif") return "avif";
  return "unknown";
}

function startsWith(bytes: Uint8Array, signature: number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}

function text(bytes: Uint8Array, begin: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(begin, end));
}
