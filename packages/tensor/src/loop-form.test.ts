import { describe, expect, it } from "vitest";
import type { Instruction, LoopKernel } from "./kernel-ir.ts";
import { loopForm } from "./loop-form.ts";

/** y = factor · x over `extents`. */
function scale(extents: readonly number[], factor: number, offset = 0): LoopKernel {
  const strides = extents.map(() => 1);
  const body: Instruction[] = [
    { op: "load", type: "f32", access: { buffer: 0, offset, strides } },
    { op: "constant", type: "f32", value: factor },
    { op: "multiply", type: "f32", x: 0, y: 1 },
  ];
  return {
    kind: "loop",
    label: `scale ${factor}`,
    buffers: [
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "write" },
    ],
    extents,
    body,
    stores: [{ access: { buffer: 1, offset: 0, strides }, value: 2 }],
  };
}

describe("the form of a loop", () => {
  it("leaves out extents, offsets, constants and labels", () => {
    const [a, b, c] = [loopForm(scale([5], 2))!, loopForm(scale([7], 3, 4))!, loopForm(scale([], 3))!];
    expect(new Set([a.text, b.text, c.text]).size).toBe(1);
    expect([a, b, c].map(({ extent }) => extent)).toEqual([5, 7, 1]);
    expect(b.accesses.map(({ buffer, offset, stride }) => [buffer, offset, stride])).toEqual([[0, 4, 1], [1, 0, 1]]);
    expect(c.accesses.map(({ stride }) => stride)).toEqual([0, 0]);
    expect(b.constants.map(({ value }) => value)).toEqual([3]);
  });
  it("has a constant for each use", () => {
    const sumOfScales = (first: number, second: number): LoopKernel => {
      const plain = scale([5], first);
      const constants: Instruction[] = first === second ? [{ op: "multiply", type: "f32", x: 2, y: 1 }] : [{ op: "constant", type: "f32", value: second }, { op: "multiply", type: "f32", x: 2, y: 3 }];
      return { ...plain, body: [...plain.body, ...constants], stores: [{ ...plain.stores[0]!, value: 2 + constants.length }] };
    };
    const [equal, different] = [loopForm(sumOfScales(3, 3))!, loopForm(sumOfScales(3, 4))!];
    expect(equal.text).toBe(different.text);
    expect([equal, different].map(({ constants }) => constants.map(({ value }) => value))).toEqual([[3, 3], [3, 4]]);
  });
  it("keeps operations, buffers and types", () => {
    const plain = scale([5], 2);
    const others: LoopKernel[] = [
      { ...plain, body: plain.body.map((instruction) => (instruction.op === "multiply" ? { ...instruction, op: "add" } : instruction)) },
      { ...plain, stores: [{ ...plain.stores[0]!, access: { ...plain.stores[0]!.access, buffer: 0 } }] },
      { ...plain, buffers: [{ dtype: "u32", access: "read" }, plain.buffers[1]!] },
    ];
    expect(new Set([plain, ...others].map((kernel) => loopForm(kernel)!.text)).size).toBe(4);
  });
  it("is that of loops over one axis of words", () => {
    const plain = scale([5], 2);
    expect(loopForm(scale([2, 3], 1))).toBeUndefined();
    expect(loopForm({ ...plain, buffers: [{ dtype: "f16", access: "read" }, plain.buffers[1]!] })).toBeUndefined();
    expect(loopForm({ ...plain, body: [...plain.body, { op: "index", type: "i32", axis: 0 }] })).toBeUndefined();
  });
});
