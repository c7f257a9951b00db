import { ZipWriter } from "./formats/pytorch/zip-write.ts";

/** Draws for mutations: the same for the same seed. */
export class Draws {
  #state: number;
  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  }
  /** From 0 up to, not including, `limit`. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % Math.max(1, limit);
  }
}

const extremes: readonly (readonly number[])[] = [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0x80], [0, 0, 0, 0, 0, 0, 0, 0], [0xff, 0xff], [0, 0, 0, 0, 1, 0, 0, 0], [0x39, 0x39, 0x39, 0x39, 0x39, 0x39], [0x2d, 0x31]];

/** Bytes that are damaged in one to four places: a bit, a byte, an extreme number, a piece that is gone, doubled or moved, an end that is cut. */
export function mutate(bytes: Uint8Array, draws: Draws): Uint8Array<ArrayBuffer> {
  let result = Uint8Array.from(bytes);
  const join = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.concat(parts));
  for (let round = draws.below(4); round >= 0; round--) {
    const at = draws.below(result.length);
    const length = 1 + draws.below(24);
    switch (draws.below(8)) {
      case 0:
        result[at]! ^= 1 << draws.below(8);
        break;
      case 1:
        result[at] = draws.below(256);
        break;
      case 2:
      case 3: {
        const number = extremes[draws.below(extremes.length)]!;
        result.set(number.slice(0, result.length - at), at);
        break;
      }
      case 4:
        result = join(result.subarray(0, at), result.subarray(at + length));
        break;
      case 5:
        result = join(result.subarray(0, at), result.subarray(at, at + length), result.subarray(at));
        break;
      case 6: {
        const from = draws.below(result.length);
        result = join(result.subarray(0, at), result.subarray(from, from + length), result.subarray(at + length));
        break;
      }
      case 7:
        if (draws.below(4) === 0) result = result.slice(0, at);
        break;
    }
  }
  return result;
}

/** Characters up to 255 as bytes: a pickle as one writes it by hand. */
export const pickle = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** A PyTorch file of the zip form around a pickle. */
export async function torchZip(data: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const writer = new ZipWriter(async (bytes) => void parts.push(bytes.slice()));
  await writer.add("archive/data.pkl", data);
  for (const [key, bytes] of Object.entries(storages)) await writer.add(`archive/data/${key}`, bytes);
  await writer.finish();
  return Uint8Array.from(Buffer.concat(parts));
}
