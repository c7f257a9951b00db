import type { Image } from "../image.ts";
import type { ImageFormat } from "./format.ts";

/** Where an image may come from: bytes, a `Blob` or `File`, an address, or in Node a path. */
export type ImageSource = Uint8Array | ArrayBuffer | Blob | URL | string;

/** What differs between Node and pages: `codec.node.ts` and `codec.browser.ts` export these two functions. */
export interface Codec {
  /** Decodes every format except PNG, as stored: no orientation applied, no colour profile, 3 or 4 channels. */
  decodeCompressed(bytes: Uint8Array, options: { format: ImageFormat; source: string | undefined; maxPixels: number }): Promise<Image>;
  /** Fetches or reads all bytes of a source. */
  readSource(source: URL | string): Promise<Uint8Array>;
}
