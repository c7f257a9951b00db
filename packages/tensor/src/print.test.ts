import { describe, expect, it } from "vitest";
import { toNested } from "./nested.ts";
import { formatTensor } from "./print.ts";

const f32 = (values: number[], shape = [values.length]) => formatTensor(Float32Array.from(values), shape, "f32");

// The texts are what PyTorch 2 prints for the same tensors.
describe("formatTensor", () => {
  it.each([
    [[1, 2, 3], undefined, "tensor([1., 2., 3.])"],
    [[0.5, -1.25, 100], undefined, "tensor([  0.5000,  -1.2500, 100.0000])"],
    [[3], [], "tensor(3.)"],
    [[0.125], [], "tensor(0.1250)"],
    [[1, 2, 3, 4, 5, 6], [2, 3], "tensor([[1., 2., 3.],\n        [4., 5., 6.]])"],
    [[1, 2, 3, 4], [2, 1, 2], "tensor([[[1., 2.]],\n\n        [[3., 4.]]])"],
    [[0, 0], undefined, "tensor([0., 0.])"],
    [[1, 2000], undefined, "tensor([1.0000e+00, 2.0000e+03])"],
    [[1e-5, 1], undefined, "tensor([1.0000e-05, 1.0000e+00])"],
    [[2e8, 1e8], undefined, "tensor([2.0000e+08, 1.0000e+08])"],
    [[1, NaN, Infinity, -Infinity], undefined, "tensor([1., nan, inf, -inf])"],
    [[0.5, NaN, -Infinity], undefined, "tensor([0.5000,    nan,   -inf])"],
    [[NaN, Infinity], undefined, "tensor([nan, inf])"],
    [[-0, 1], undefined, "tensor([-0., 1.])"],
    [[], [0], "tensor([])"],
  ] as [number[], number[] | undefined, string][])("%j of shape %j", (values, shape, text) => expect(f32(values, shape)).toBe(text));

  it("says what is unusual: an empty shape, a dtype, a device", () => {
    expect(f32([], [0, 3])).toBe("tensor([], shape=[0, 3])");
    expect(formatTensor(Int32Array.of(1, -20), [2], "i32")).toBe("tensor([  1, -20])");
    expect(formatTensor(Uint32Array.of(1, 2), [2], "u32")).toBe("tensor([1, 2], dtype=u32)");
    expect(formatTensor(Uint32Array.of(1, 0), [2], "bool")).toBe("tensor([ True, False])");
    expect(formatTensor(Float32Array.of(1.5), [1], "f16", "wasm")).toBe("tensor([1.5000], dtype=f16, device=wasm)");
  });

  it("wraps lines at 80 columns", () => {
    const values = Array.from({ length: 30 }, (_, i) => i);
    expect(f32(values)).toBe(
      "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n        14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27.,\n        28., 29.])",
    );
  });

  it("cuts long axes in the middle above 1000 elements", () => {
    const values = Array.from({ length: 1001 }, (_, i) => i % 10);
    expect(f32(values)).toBe("tensor([0., 1., 2.,  ..., 8., 9., 0.])");
    expect(f32(Array.from({ length: 1200 }, (_, i) => i % 7), [40, 30])).toBe(
      ["tensor([[0., 1., 2.,  ..., 6., 0., 1.],", "        [2., 3., 4.,  ..., 1., 2., 3.],", "        [4., 5., 6.,  ..., 3., 4., 5.],", "        ...,"].join("\n") +
        "\n        [4., 5., 6.,  ..., 3., 4., 5.],\n        [6., 0., 1.,  ..., 5., 6., 0.],\n        [1., 2., 3.,  ..., 0., 1., 2.]])",
    );
  });
});

describe("toNested", () => {
  it("nests, and spells bools", () => {
    expect(toNested(Float32Array.of(1, 2, 3, 4), [2, 2], "f32")).toEqual([[1, 2], [3, 4]]);
    expect(toNested(Uint32Array.of(1, 0), [2], "bool")).toEqual([true, false]);
    expect(toNested(Float32Array.of(7), [], "f32")).toBe(7);
    expect(toNested(new Float32Array(0), [2, 0], "f32")).toEqual([[], []]);
  });
});
