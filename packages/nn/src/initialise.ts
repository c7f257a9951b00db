import { OptionError } from "@multiway/errors";
import { key as makeKey, type Key } from "@multiway/random";
import { initialiserOf, realize, type Device, type Initialiser } from "@multiway/tensor";
import type { Module } from "./module.ts";

/**
 * Gives every parameter that has no elements yet its first ones, on a device.
 *
 * Each parameter draws from a key of its own, made from its name, so adding a layer leaves the others as they were; and the numbers are
 * made in plain code, so every device starts from the same bits.
 *
 * @param key   a random key, or a seed; default 0
 * @returns the same module, changed in place
 */
export async function initialise<M extends Module>(module: M, { device, key = makeKey(0) }: { device: Device; key?: Key | number }): Promise<M> {
  const root = typeof key === "number" ? makeKey(key) : key;
  const state = Object.fromEntries(
    module.tensors().flatMap(({ name, tensor }) => {
      const initialiser = initialiserOf(tensor);
      return initialiser ? [[name, device.tensor(initialiser(root.fold(hashOf(name)), tensor.shape), { shape: tensor.shape })]] : [];
    }),
  );
  module.loadStateDict(state, { strict: false });
  await realize(module);
  return module;
}

/** 32-bit FNV-1a of a name. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let position = 0; position < name.length; position++) hash = Math.imul(hash ^ name.charCodeAt(position), 0x01000193);
  return hash >>> 0;
}

const count = (shape: readonly number[]) => shape.reduce((size, extent) => size * extent, 1);

const fill =
  (value: number): Initialiser =>
  (_, shape) =>
    new Float32Array(count(shape)).fill(value);

/** All zeros. */
export const zeroInitialiser: Initialiser = fill(0);
/** All ones. */
export const oneInitialiser: Initialiser = fill(1);

/** Normal with mean 0. */
export const normalInitialiser =
  (deviation: number): Initialiser =>
  (key, shape) =>
    key.normal(count(shape)).map((value) => value * deviation);

/** Uniform in ±bound. */
export const uniformInitialiser =
  (bound: number): Initialiser =>
  (key, shape) =>
    key.uniform(count(shape), -bound, bound);

/** PyTorch's default for linear layers and convolutions: uniform in ±1/√fanIn, weight and bias alike. */
export const fanInInitialiser = (fanIn: number): Initialiser => uniformInitialiser(fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0);

/**
 * Normal with mean 0, drawn again where it lies outside ±cut.
 *
 * @param deviation  of the normal before cutting
 * @param cut        in the unit of the values; BEiT-3's fine-tuning code cuts at one deviation
 */
export const truncatedNormalInitialiser = (deviation: number, cut = 2 * deviation): Initialiser => {
  if (!(deviation >= 0 && cut > 0)) throw new OptionError(`truncatedNormalInitialiser: deviation ${deviation}, cut ${cut}; expected a deviation of 0 or more and a cut above 0.`);
  return (key, shape) => {
    const values = key.normal(count(shape));
    let outside: number[] = [];
    for (let position = 0; position < values.length; position++) {
      values[position] = values[position]! * deviation;
      if (Math.abs(values[position]!) > cut) outside.push(position);
    }
    for (let round = 1; outside.length > 0; round++) {
      const fresh = key.fold(round).normal(outside.length);
      outside = outside.filter((position, index) => Math.abs((values[position] = fresh[index]! * deviation)) > cut);
    }
    return values;
  };
};

/** Another initialiser's values times a factor. */
export const scaledInitialiser =
  (initialiser: Initialiser, factor: number): Initialiser =>
  (key, shape) =>
    initialiser(key, shape).map((value) => value * factor);
