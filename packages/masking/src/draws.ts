import type { Key } from "@multiway/random";

/** The random choices that masking makes, one after the other. A test can hand in recorded ones. */
export interface Draws {
  /** A real number in [low, high); the bounds may come in either order. */
  uniform(low: number, high: number): number;
  /** A whole number from low to high, both included. */
  integer(low: number, high: number): number;
  /** `count` different whole numbers from 0 to `from` − 1. */
  choice(count: number, from: number): number[];
}

/** Draws from a key: each one from a key of its own, in order. */
export function drawsFrom(key: Key): Draws {
  let next = 0;
  const fresh = () => key.fold(next++);
  return {
    uniform: (low, high) => fresh().number(low, high),
    integer: (low, high) => fresh().integer(low, high + 1),
    choice: (count, from) => [...fresh().permutation(from).subarray(0, count)],
  };
}
