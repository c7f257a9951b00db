import { describe, expect, test } from "vitest";
import { exp, expOfNonPositive } from "./exp.ts";
import { widenHalf } from "./half.ts";
import { log } from "./log.ts";
import { over, sweep, ulps } from "./over.ts";

describe("exp", () => {
  test("is within 2 units of the last place, subnormals included", () => {
    const x = sweep(-103, 88.7);
    const y = over(x, exp);
    x.forEach((value, index) => expect(ulps(y[index]!, Math.exp(value))).toBeLessThan(2));
  });

  test("knows its limits", () => {
    const x = Float32Array.of(-Infinity, Infinity, NaN, 0, -0, 89, -104, 1000);
    expect([...over(x, exp)]).toEqual([0, Infinity, NaN, 1, 1, Infinity, 0, Infinity]);
  });

  test("for softmax: the same up to where results are normal, then 0", () => {
    const x = sweep(-87.3, 1);
    const y = over(x, expOfNonPositive);
    x.forEach((value, index) => expect(ulps(y[index]!, Math.exp(value))).toBeLessThan(2));
    expect([...over(Float32Array.of(-Infinity, NaN, 0, -87.4), expOfNonPositive)]).toEqual([0, NaN, 1, 0]);
  });
});

describe("log", () => {
  test("is within 2 units of the last place", () => {
    const x = sweep(-102, 88).map((value) => Math.exp(value));
    const y = over(x, log);
    x.forEach((value, index) => expect(ulps(y[index]!, Math.log(value))).toBeLessThan(2));
    const nearOne = sweep(0.5, 2);
    over(nearOne, log).forEach((value, index) => expect(ulps(value, Math.log(nearOne[index]!))).toBeLessThan(2));
  });

  test("knows its limits", () => {
    expect([...over(Float32Array.of(0, -0, -1, Infinity, -Infinity, NaN, 1, 2 ** -149), log)]).toEqual([
      -Infinity,
      -Infinity,
      NaN,
      Infinity,
      NaN,
      NaN,
      0,
      Math.fround(-149 * Math.LN2),
    ]);
  });
});

test("every half float widens exactly", () => {
  const y = over(Uint32Array.from({ length: 65536 }, (_, bits) => bits), widenHalf);
  y.forEach((value, bits) => {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const magnitude = exponent === 31 ? (fraction ? NaN : Infinity) : exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    const wanted = bits & 0x8000 ? -magnitude : magnitude;
    if (!Object.is(value, wanted)) throw new Error(`${bits}: ${value}, not ${wanted}`);
  });
});
