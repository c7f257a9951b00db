import { Key } from "@multiway/random";
import { formatShape, OptionError } from "@multiway/errors";
import { iotaOp, randomBitsOp, randomNormalOp } from "./ops/leaves.ts";
import { sizeOf, type Shape } from "./shape.ts";
import { apply, scalar, Tensor } from "./tensor.ts";

/** A key as functions take it: a plain {@link Key} outside, a {@link TensorKey} inside a compiled function. */
export interface RandomKey {
  /** A key determined by this one and `data`, an integer from 0; inside a compiled function also a scalar tensor. */
  fold(data: number | Tensor): RandomKey;
  /** Independent keys; 2 by default. */
  split(count?: number): RandomKey[];
}

// The same numbers as in @multiway/random, so that a key derives the same keys in both worlds.
const foldDomain = 0x666f6c64;
const splitDomain = 0x73706c74;

/** A key whose words are known only when a program runs. */
export class TensorKey implements RandomKey {
  /** Two u32 scalars. */
  readonly words: readonly [Tensor, Tensor];

  constructor(words: readonly [Tensor, Tensor]) {
    this.words = words;
  }
  fold(data: number | Tensor): TensorKey {
    return derive(this, data instanceof Tensor ? data.cast("u32") : scalar(data, "u32"), foldDomain);
  }
  split(count = 2): TensorKey[] {
    return Array.from({ length: count }, (_, index) => derive(this, scalar(index, "u32"), splitDomain));
  }
}

// No private method: a key is a tree, and trees are rebuilt without their constructors.
function derive({ words }: TensorKey, counter: Tensor, domain: number): TensorKey {
  const word = (position: number) => apply(randomBitsOp, [...words, counter], { word: position, domain })[0]!;
  return new TensorKey([word(0), word(1)]);
}

function inputsFor(key: RandomKey, shape: Shape): Tensor[] {
  const words = key instanceof Key ? key.words.map((word) => scalar(word, "u32")) : key instanceof TensorKey ? key.words : undefined;
  if (!words) throw new OptionError("random: expected a key, made with key(seed).");
  const counter = apply(iotaOp, [], { shape: [sizeOf(shape)], axis: 0 })[0]!.bitcast("u32").reshape(shape);
  return [...words.map((word) => word.expand(shape)), counter];
}

/** Uniform 32-bit words, u32: element i is the first word of Threefry for the counter i, as `Key.bits` gives in plain code. */
export function randomBits(key: RandomKey, shape: Shape): Tensor {
  return apply(randomBitsOp, inputsFor(key, shape), { word: 0, domain: 0 })[0]!;
}

/** Numbers in [low, high), f32, with 24 random bits each: the stream of `Key.uniform`. */
export function randomUniform(key: RandomKey, shape: Shape, { low = 0, high = 1 }: { low?: number; high?: number } = {}): Tensor {
  const unit = randomBits(key, shape).shiftRight(8).cast("f32").mul(2 ** -24);
  return low === 0 && high === 1 ? unit : unit.mul(high - low).add(low);
}

/** Standard normal numbers, f32: the stream of `Key.normal`. */
export function randomNormal(key: RandomKey, shape: Shape): Tensor {
  return apply(randomNormalOp, inputsFor(key, shape), {})[0]!;
}

/** True with the given probability, bool. */
export function randomBernoulli(key: RandomKey, probability: number, shape: Shape): Tensor {
  if (!(probability >= 0 && probability <= 1)) throw new OptionError(`randomBernoulli: probability ${probability} for shape ${formatShape(shape)}; expected 0 to 1.`);
  return randomUniform(key, shape).less(probability);
}
