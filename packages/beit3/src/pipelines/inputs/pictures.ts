import { formatValue, ImageError } from "@multiway/errors";
import { evaluationTransform, loadImage, type Channels, type Image, type ImageSource } from "@multiway/images";
import type { Device, Tensor } from "@multiway/tensor";
import type { ImageSettings } from "../folder/description.ts";

/** A canvas's pixels, as `getImageData` gives them. */
export interface CanvasPixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and alpha of each pixel. */
  readonly data: Uint8ClampedArray;
}

/** A picture: an address, in Node a path, a `Blob` or `File`, bytes of a picture file, a decoded image, or a canvas's pixels. */
export type Picture = ImageSource | Image | CanvasPixels;

/** Makes pictures the model's input. */
export class PictureReader {
  readonly size: number;
  readonly #device: Device;
  readonly #transform: (image: Image) => Float32Array;

  constructor({ size, mean, std, interpolation, recipe }: ImageSettings, device: Device) {
    this.size = size;
    this.#device = device;
    this.#transform = evaluationTransform({ size, recipe, filter: interpolation, normalization: { mean, std } });
  }

  /** @returns [pictures, 3, size, size] @throws ImageError when one cannot be read, is damaged, or is none */
  async tensor(pictures: readonly Picture[]): Promise<Tensor> {
    const each = 3 * this.size * this.size;
    const pixels = new Float32Array(pictures.length * each);
    await Promise.all(pictures.map(async (picture, index) => pixels.set(this.#transform(await toImage(picture)), index * each)));
    return this.#device.tensor(pixels, { shape: [pictures.length, 3, this.size, this.size] });
  }
}

async function toImage(picture: Picture): Promise<Image> {
  if (typeof picture === "string" || picture instanceof URL || picture instanceof Uint8Array || picture instanceof ArrayBuffer || picture instanceof Blob) return await loadImage(picture);
  const { width, height, data, channels = 4 } = (picture ?? {}) as { width?: unknown; height?: unknown; data?: unknown; channels?: Channels };
  const isDecoded = typeof width === "number" && typeof height === "number" && (data instanceof Uint8Array || data instanceof Uint8ClampedArray);
  if (!isDecoded) throw new ImageError(`Beit3: a picture is ${formatValue(picture)}; expected a path, an address, a Blob, bytes of a file, or a decoded image.`, { details: { picture: formatValue(picture) } });
  return { width, height, channels, data: data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.length) };
}
