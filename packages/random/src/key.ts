import { formatValue, OptionError } from "@multiway/errors";
import { threefry2x32 } from "./threefry.ts";

/** What randomness looks like to a function: derive sub-keys, never draw twice from one. */
export interface KeyLike<Fold = number> {
  /** A new key, determined by this one and `data`. */
  fold(data: Fold): KeyLike<Fold>;
  /** `count` independent keys. */
  split(count?: number): KeyLike<Fold>[];
}

/**
 * A key of the counter-based generator: two 32-bit words.
 *
 * Drawing has no state: the same key always gives the same numbers. Derive a key for each purpose with
 * {@link Key.fold} or {@link Key.split}.
 *
 * ```ts
 * const root = key(7);
 * const [forCrop, forFlip] = root.fold(step).split(2);
 * forFlip.uniform(3); // Float32Array of three numbers in [0, 1)
 * ```
 */
export class Key implements KeyLike {
  /** The two words, unsigned. */
  readonly words: readonly [number, number];

  constructor(word0: number, word1: number) {
    this.words = [word0 >>> 0, word1 >>> 0];
  }

  /** @param data an integer in [0, 2³²), for example a step or a layer number */
  fold(data: number): Key {
    if (!Number.isInteger(data) || data < 0 || data > 0xffffffff) {
      throw new OptionError(`Key.fold: data is ${formatValue(data)}; expected an integer from 0 to 4294967295.`);
    }
    return new Key(...threefry2x32(this.words[0], this.words[1], data, FOLD));
  }

  /** @returns `count` keys, independent of each other and of this key's numbers; default 2 */
  split(count = 2): Key[] {
    return Array.from({ length: count }, (_, index) => new Key(...threefry2x32(this.words[0], this.words[1], index, SPLIT)));
  }

  /** `count` uniform 32-bit words: word i is the first word that Threefry gives for the counter (i, 0). */
  bits(count: number): Uint32Array {
    const words = new Uint32Array(count);
    for (let index = 0; index < count; index++) words[index] = threefry2x32(this.words[0], this.words[1], index, 0)[0];
    return words;
  }

  /** `count` numbers in [low, high), f32, with 24 random bits each. */
  uniform(count: number, low = 0, high = 1): Float32Array {
    const numbers = new Float32Array(count);
    for (let index = 0; index < count; index++) numbers[index] = low + (high - low) * this.#unit(index);
    return numbers;
  }

  /** One number in [low, high). */
  number(low = 0, high = 1): number {
    return low + (high - low) * this.#unit(0);
  }

  /** One integer in [low, high), each equally likely up to a bias of (high − low) / 2³². */
  integer(low: number, high: number): number {
    return low + Math.floor((threefry2x32(this.words[0], this.words[1], 0, 0)[0] / 4294967296) * (high - low));
  }

  /** `count` numbers from the standard normal distribution, f32 (Box and Muller 1958; both words of each counter are used once). */
  normal(count: number): Float32Array {
    const numbers = new Float32Array(count);
    for (let index = 0; index < count; index++) {
      const [word0, word1] = threefry2x32(this.words[0], this.words[1], index, 0);
      // 1 − u lies in (0, 1], so the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(1 - (word0 >>> 8) / 16777216));
      numbers[index] = radius * Math.cos((2 * Math.PI * (word1 >>> 8)) / 16777216);
    }
    return numbers;
  }

  /** The integers 0 … count − 1 in random order (Fisher and Yates). */
  permutation(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, index) => index);
    const bits = this.bits(count);
    for (let last = count - 1; last > 0; last--) {
      const other = Math.floor((bits[last]! / 4294967296) * (last + 1));
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    return order;
  }

  #unit(index: number): number {
    return (threefry2x32(this.words[0], this.words[1], index, 0)[0] >>> 8) / 16777216;
  }
}

// The second counter word keeps derived keys apart from drawn numbers, which use 0.
const FOLD = 0x666f6c64; // "fold"
const SPLIT = 0x73706c74; // "splt"

/** A key from a seed: any integer that JavaScript holds exactly. */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed)) throw new OptionError(`key: seed is ${formatValue(seed)}; expected an integer.`);
  return new Key(Math.floor(seed / 4294967296) >>> 0, seed >>> 0);
}
