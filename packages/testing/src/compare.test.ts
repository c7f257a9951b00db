import { expect, it } from "vitest";
import { compareArrays, compareBits, exactly, expectClose } from "./compare.ts";

const loose = { relative: 1e-3, absolute: 1e-6 };

it("accepts what is within tolerance, equal infinities, NaN for NaN, and zeros of either sign", () => {
  expect(compareArrays(Float32Array.of(1.0005, Infinity, NaN, -0, 1e-7), Float64Array.of(1, Infinity, NaN, 0, 0), loose)).toBeUndefined();
  expect(compareArrays(Float32Array.of(Infinity), Float64Array.of(1e39), loose)).toBeUndefined();
  expect(compareArrays(Int32Array.of(-1, 5), Int32Array.of(-1, 5), { ...exactly, dtype: "i32" })).toBeUndefined();
});

it("widens the bits of half floats on either side", () => {
  expect(compareArrays(Uint16Array.of(0x3c00, 0xc000), Float64Array.of(1, -2), { ...exactly, dtype: "f16" })).toBeUndefined();
  expect(compareArrays(Float64Array.of(1), Uint16Array.of(0x3c01), { ...exactly, dtype: "f16" })).toContain("expected 1.0009765625, actual 1,");
});

it("says shape, count, and the worst element with both errors", () => {
  const message = compareArrays(Float32Array.of(1, 2, 3, 4, 5.5, 7), Float32Array.of(1, 2, 3, 4, 5, 6), { ...loose, shape: [2, 3], label: "y" });
  expect(message).toBe(
    "y: 2 of 6 elements of shape [2, 3] (f32) are over the tolerance 0.001 relative + 0.000001 absolute. Worst at [1, 2]: expected 6, actual 7, absolute error 1.00, relative error 0.167.",
  );
});

it("counts a NaN or an infinity on one side alone as the worst", () => {
  expect(compareArrays(Float32Array.of(9, NaN), Float32Array.of(1, 2), loose)).toContain("2 of 2 elements of shape [2] (f32) are over the tolerance 0.001 relative + 0.000001 absolute. Worst at [1]: expected 2, actual NaN");
  expect(compareArrays(Float32Array.of(-Infinity), Float32Array.of(Infinity), loose)).toContain("expected Infinity, actual -Infinity");
});

it("expectClose throws, also for a wrong length", () => {
  expect(() => expectClose(new Float32Array(3), new Float32Array(4), { ...exactly, shape: [2, 2] })).toThrow("there are 3 elements; expected 4 of shape [2, 2].");
});

it("compareBits tells zeros apart and no NaN from another", () => {
  expect(compareBits(Float32Array.of(NaN, 1), Float32Array.of(NaN, 1))).toBeUndefined();
  expect(compareBits(Float32Array.of(1, -0), Float32Array.of(1, 0), "y")).toBe("y: 1 of 2 elements differ in their bits. First at 1: expected 0, actual -0.");
});
