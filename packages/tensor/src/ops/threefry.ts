import { threefryParity, threefryRotations } from "@multiway/random";
import type { ExpressionBuilder } from "../expression.ts";

/** Threefry-2x32 with 20 rounds as kernel code: the same function as `threefry2x32` of @multiway/random, on u32 instructions. */
export function threefryRounds(k: ExpressionBuilder, key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const u32 = (value: number) => k.constant(value >>> 0, "u32");
  const schedule = [key0, key1, k.binary("xor", k.binary("xor", key0, key1), u32(threefryParity))];
  let x0 = k.binary("add", counter0, schedule[0]!);
  let x1 = k.binary("add", counter1, schedule[1]!);
  for (let round = 0; round < 20; round++) {
    const rotation = threefryRotations[round % 8]!;
    x0 = k.binary("add", x0, x1);
    x1 = k.binary("xor", k.binary("or", k.binary("shiftLeft", x1, u32(rotation)), k.binary("shiftRight", x1, u32(32 - rotation))), x0);
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x0 = k.binary("add", x0, schedule[injection % 3]!);
      x1 = k.binary("add", k.binary("add", x1, schedule[(injection + 1) % 3]!), u32(injection));
    }
  }
  return [x0, x1];
}
