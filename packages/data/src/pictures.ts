import { DataError } from "@multiway/errors";
import { decodeImage, type Image } from "@multiway/images";
import type { DataFolder } from "./folders/data-folder.ts";

/**
 * Decodes pictures of a folder, and keeps as many of them as fit: a small data set is read once, a large one goes through memory.
 */
export class Pictures {
  readonly #folder: DataFolder;
  readonly #most: number;
  readonly #view: (image: Image) => Image;
  readonly #kept = new Map<string, Promise<Image>>();
  #keptBytes = 0;

  /**
   * @param mostBytes of pictures that are kept. Default 256 MiB
   * @param view      what is kept and given of a picture, in place of the picture itself
   */
  constructor(folder: DataFolder, { mostBytes = 256 * 2 ** 20, view = (image) => image }: { mostBytes?: number; view?: (image: Image) => Image } = {}) {
    this.#folder = folder;
    this.#most = mostBytes;
    this.#view = view;
  }

  /**
   * A picture in RGB. It is shared: change a copy.
   *
   * @param place of the row that names it, for messages
   * @throws DataError naming row and file when it cannot be decoded
   */
  async get(path: string, place = "a row"): Promise<Image> {
    const kept = this.#kept.get(path);
    if (kept) return await kept;
    const decoding = this.#decode(path, place);
    if (this.#keptBytes >= this.#most) return await decoding;
    this.#kept.set(path, decoding);
    try {
      const image = await decoding;
      this.#keptBytes += image.data.length;
      return image;
    } catch (error) {
      this.#kept.delete(path);
      throw error;
    }
  }

  async #decode(path: string, place: string): Promise<Image> {
    const bytes = await this.#folder.read(path);
    try {
      return this.#view(await decodeImage(bytes, { source: path, channels: 3 }));
    } catch (cause) {
      throw new DataError(`Pictures: ${place}: ${(cause as Error).message} Or remove the row.`, { cause, details: { path } });
    }
  }
}
