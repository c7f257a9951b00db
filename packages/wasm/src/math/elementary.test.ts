import { describe, expect, test } from "vitest";
import { f32x4, type Code, type V128 } from "../assembler/index.ts";
import { erf } from "./erf.ts";
import { narrowHalf } from "./narrow-half.ts";
import { normalCdf } from "./normal-cdf.ts";
import { over, sweep, ulps } from "./over.ts";
import { power } from "./power.ts";
import { cos, sin } from "./sin-cos.ts";
import { tanh } from "./tanh.ts";

const worst = (x: Float32Array, f: (code: Code, x: V128) => V128, exact: (x: number) => number, error: (actual: number, exact: number) => number): number => {
  let largest = 0;
  over(x, f).forEach((actual, index) => (largest = Math.max(largest, error(actual, exact(x[index]!)))));
  return largest;
};

/** Numbers of every size, from 2^low to 2^high, of both signs. */
const everySize = (low: number, high: number): Float32Array =>
  Float32Array.from({ length: 8192 }, (_, index) => (index % 2 ? -1 : 1) * 2 ** (low + ((high - low) * index) / 8191));

describe("tanh", () => {
  test("is within 2 units of the last place", () => {
    expect(worst(sweep(-10, 10), tanh, Math.tanh, ulps)).toBeLessThan(2);
    expect(worst(everySize(-140, 6), tanh, Math.tanh, ulps)).toBeLessThan(2);
  });
  test("knows its limits", () => {
    expect([...over(Float32Array.of(0, -0, Infinity, -Infinity, NaN, 100, -100, 1e38), tanh)]).toEqual([0, -0, 1, -1, NaN, 1, -1, 1]);
  });
});

/** Its series near 0, its continued fraction away from it; float64. */
function exactErf(x: number): number {
  if (Math.abs(x) < 2.5) {
    let [sum, term] = [x, x];
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  const magnitude = Math.abs(x);
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (magnitude + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (magnitude + fraction));
}

describe("erf", () => {
  test("is within 1e-7", () => {
    expect(worst(sweep(-5, 5), erf, exactErf, (actual, exact) => Math.abs(actual - exact))).toBeLessThan(1e-7);
    expect(worst(everySize(-140, 2), erf, exactErf, ulps)).toBeLessThan(3);
  });
  test("knows its limits", () => {
    expect([...over(Float32Array.of(0, -0, Infinity, -Infinity, NaN, 5, -5, 1e38), erf)]).toEqual([0, -0, 1, -1, NaN, 1, -1, 1]);
  });
});

describe("the normal distribution", () => {
  test("is within 2e-7", () => {
    const exact = (x: number): number => (1 + exactErf(x * Math.SQRT1_2)) / 2;
    for (const range of [sweep(-7, 7), everySize(-140, 20)]) expect(worst(range, normalCdf, exact, (actual, expected) => Math.abs(actual - expected))).toBeLessThan(2e-7);
  });
  test("knows its limits", () => {
    expect([...over(Float32Array.of(0, -0, Infinity, -Infinity, NaN, 6, -6, 1e38, -1e38), normalCdf)]).toEqual([0.5, 0.5, 1, 0, NaN, 1, 0, 1, 0]);
  });
  test("stays between 0 and 1", () => {
    for (const share of over(sweep(-9, 9), normalCdf)) expect(share >= 0 && share <= 1).toBe(true);
  });
});

describe("sine and cosine", () => {
  test("are within 2 units of the last place up to 10⁷", () => {
    for (const range of [sweep(-8, 8), sweep(-1000, 1000), everySize(-140, 23)]) {
      expect(worst(range, sin, Math.sin, ulps)).toBeLessThan(2);
      expect(worst(range, cos, Math.cos, ulps)).toBeLessThan(2);
    }
  });
  test("know their limits", () => {
    expect([...over(Float32Array.of(0, Infinity, -Infinity, NaN), sin)]).toEqual([0, NaN, NaN, NaN]);
    expect([...over(Float32Array.of(0, Infinity, -Infinity, NaN), cos)]).toEqual([1, NaN, NaN, NaN]);
  });
});

describe("power", () => {
  const exponents = [0, 1, 2, 3, -1, -2, 0.5, -0.5, 1 / 3, 2.5, 10, 100, -7.25, 1e-3, 1e10, Infinity, -Infinity, NaN];
  test.each(exponents)("x^%d is within 1 unit of the last place, special cases as in JavaScript", (exponent) => {
    const x = Float32Array.of(...everySize(-149, 127), ...sweep(0, 4), 0, -0, 1, -1, 2, -2, -3, Infinity, -Infinity, NaN, 0.5, -0.5);
    const y = Math.fround(exponent);
    const actual = over(x, (code, base) => power(code, base, code.let(f32x4.all(y))));
    x.forEach((base, index) => {
      const exact = Math.pow(base, y);
      const rounded = Math.fround(exact);
      if (Object.is(actual[index], rounded)) return;
      const isWithin = Number.isFinite(rounded) && rounded !== 0 && ulps(actual[index]!, exact) < 1;
      // The last number that rounds to infinity, or to 0, may go the other way.
      if (!isWithin) throw new Error(`${base}^${y} gives ${actual[index]}, not ${rounded}`);
    });
  });
});

test("half floats round to nearest even", () => {
  const halfOf = (x: number): number => {
    const bits = Math.sign(x) < 0 || Object.is(x, -0) ? 0x8000 : 0;
    const magnitude = Math.abs(x);
    if (magnitude !== magnitude) return 0x7e00;
    if (magnitude >= 65520) return bits | 0x7c00;
    const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
    const units = magnitude / 2 ** (exponent - 10);
    const floor = Math.floor(units);
    const rounded = units - floor > 0.5 || (units - floor === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
    return bits | (rounded + (exponent + 14) * 1024);
  };
  const x = Float32Array.of(...everySize(-30, 17), ...sweep(-0.001, 0.001), ...sweep(2040, 2056), 0, -0, 65504, 65519.996, 65520, Infinity, -Infinity, NaN, 2 ** -24, 2 ** -25, 1.5 * 2 ** -25);
  const halves = new Uint32Array(over(x, narrowHalf).buffer);
  x.forEach((value, index) => {
    if (value === value ? halves[index] !== halfOf(value) : (halves[index]! & 0x7fff) <= 0x7c00) throw new Error(`${value}: ${halves[index]}, not ${halfOf(value)}`);
  });
});
