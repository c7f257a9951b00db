import { describe, expect, it } from "vitest";
import { loopForm, type LoopKernel } from "@multiway/tensor/device";
import { affine } from "../test-device.ts";
import { groupsOf, LaunchText, rowWords, wordOf } from "./launch.ts";

/** Σ (3 x)² over `length` elements. */
const squares = (length: number): LoopKernel => ({
  kind: "loop",
  label: `squares [${length}]`,
  buffers: [
    { dtype: "f32", access: "read" },
    { dtype: "f32", access: "write" },
  ],
  extents: [],
  reduction: {
    extents: [length],
    body: [
      { op: "load", type: "f32", access: { buffer: 0, offset: 0, strides: [1] } },
      { op: "constant", type: "f32", value: 3 },
      { op: "multiply", type: "f32", x: 0, y: 1 },
      { op: "multiply", type: "f32", x: 2, y: 2 },
    ],
    results: [{ combine: "sum", value: 3 }],
  },
  body: [{ op: "reduced", type: "f32", result: 0 }],
  stores: [{ access: { buffer: 1, offset: 0, strides: [] }, value: 0 }],
});

describe("a launch of many loops", () => {
  it("is one shader, whatever the loops' lengths and numbers", () => {
    const text = (kernel: LoopKernel) => new LaunchText({ ...kernel, label: "loop" }, [[0], [1]], 2).modules();
    expect(text(affine(5))).toEqual(text(affine(100_000)));
    expect(text(squares(0))).toEqual(text(squares(77)));
  });
  it("reaches elements through its table", () => expect(new LaunchText(affine(5), [[0, 2], [1]], 3).modules()).toMatchSnapshot());
  it("reduces in two dispatches", () => expect(new LaunchText(squares(5), [[0], [0]], 1).modules()).toMatchSnapshot());
  it("takes workgroups by length, one at least for a result", () => {
    expect([0, 1, 1024, 1025].map((length) => groupsOf(affine(length), loopForm(affine(length))!))).toEqual([0, 1, 1, 2]);
    expect([0, 1, 16_385].map((length) => groupsOf(squares(length), loopForm(squares(length))!))).toEqual([1, 1, 2]);
  });
  it("has a row of numbers for each loop", () => {
    const form = loopForm(affine(5))!;
    expect(rowWords(form)).toBe(2 + 2 + 2 * 3);
    expect(form.constants.map(wordOf)).toEqual([0x40000000, 0x3f800000]);
    expect([wordOf({ op: "constant", type: "f32", value: "-inf" }), wordOf({ op: "constant", type: "i32", value: -1 })]).toEqual([0xff800000, 0xffffffff]);
  });
});
