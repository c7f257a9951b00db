import { sizeOf, type Instruction, type LoopKernel } from "@multiway/tensor/device";
import { describe, expect, it } from "vitest";
import { affine } from "../test-device.ts";
import { splitLoop, type LoopPiece } from "./pieces.ts";

const load = (buffer: number, offset: number, strides: readonly number[]): Instruction => ({ op: "load", type: "f32", access: { buffer, offset, strides } });

/** z[i, j] = x[i, j] + yᵀ[i, j] + i, with y behind 7 elements that are nobody's. */
const withTransposed = (rows: number, columns: number): LoopKernel => ({
  kind: "loop",
  label: "sum",
  buffers: [{ dtype: "f32", access: "read" }, { dtype: "f32", access: "read" }, { dtype: "f32", access: "write" }],
  extents: [rows, columns],
  body: [load(0, 0, [columns, 1]), load(1, 7, [1, rows]), { op: "index", type: "i32", axis: 0 }, { op: "cast", type: "f32", x: 2 }, { op: "add", type: "f32", x: 0, y: 1 }, { op: "add", type: "f32", x: 4, y: 3 }],
  stores: [{ access: { buffer: 2, offset: 0, strides: [columns, 1] }, value: 5 }],
});

/** What runs a kernel of loads, additions, indices and casts in plain loops, each buffer seen through its window alone. */
function run({ kernel, windows }: LoopPiece, buffers: readonly Float32Array[]): void {
  const seen = buffers.map((buffer, index) => buffer.subarray(windows[index]!.offset / 4, (windows[index]!.offset + windows[index]!.size) / 4));
  for (let flat = 0; flat < sizeOf(kernel.extents); flat++) {
    const index = kernel.extents.map((extent, axis) => Math.floor(flat / sizeOf(kernel.extents.slice(axis + 1))) % extent);
    const at = ({ offset, strides }: { offset: number; strides: readonly number[] }): number => strides.reduce((sum, stride, axis) => sum + stride * index[axis]!, offset);
    const values: number[] = [];
    for (const instruction of kernel.body) {
      if (instruction.op === "load") values.push(seen[instruction.access.buffer]![at(instruction.access)]!);
      else if (instruction.op === "index") values.push(index[instruction.axis]!);
      else if (instruction.op === "constant") values.push(instruction.value as number);
      else if (instruction.op === "cast") values.push(values[instruction.x]!);
      else if (instruction.op === "add" || instruction.op === "multiply") values.push(instruction.op === "add" ? values[instruction.x]! + values[instruction.y]! : values[instruction.x]! * values[instruction.y]!);
      else expect.fail(`a kernel of this test has ${instruction.op}`);
    }
    for (const { access, value } of kernel.stores) seen[access.buffer]![at(access)] = values[value]!;
  }
}

const bytes = (buffers: readonly Float32Array[]) => buffers.map(({ byteLength }) => byteLength);
const atMost = (limit: number) => (sizes: readonly number[]) => sizes.every((size) => size <= limit);
const numbers = (length: number, seed: number) => Float32Array.from({ length }, (_, index) => ((index * seed) % 17) / 4);

describe("a loop in pieces", () => {
  it.each([["one axis", affine(5000), [5000, 5000], 4096], ["a transposed input", withTransposed(96, 64), [96 * 64, 96 * 64 + 7, 96 * 64], 24_832]] as const)("gives what the whole does: %s", (_, kernel, lengths, limit) => {
    const inputs = lengths.map((length, index) => numbers(length, 3 + index));
    const whole = inputs.map((data) => data.slice());
    run({ kernel, windows: whole.map(({ byteLength }) => ({ offset: 0, size: byteLength })) }, whole);
    const pieces = splitLoop(kernel, bytes(inputs), atMost(limit))!;
    expect(pieces.length).toBeGreaterThan(1);
    for (const { windows } of pieces) for (const { offset, size } of windows) expect([offset % 256, size <= limit]).toEqual([0, true]);
    for (const piece of pieces) run(piece, inputs);
    expect(inputs).toEqual(whole);
  });
  it("keeps the start of an axis in its indices", () => {
    const pieces = splitLoop(withTransposed(96, 64), [96 * 64, 96 * 64 + 7, 96 * 64].map((length) => 4 * length), atMost(24_832))!;
    expect(pieces.map(({ kernel }) => kernel.body.length)).toEqual([6, ...pieces.slice(1).map(() => 8)]);
  });
  it("is nothing where no cut helps", () => {
    // Every row reads all of one buffer.
    const repeated: LoopKernel = { ...affine(64), extents: [64, 64], body: affine(64).body.map((instruction) => (instruction.op === "load" ? { ...instruction, access: { ...instruction.access, strides: [0, 1] } } : instruction)), stores: [{ access: { buffer: 1, offset: 0, strides: [64, 1] }, value: 4 }] };
    expect(splitLoop({ ...repeated, extents: [64, 1] }, [4, 256], () => false)).toBeUndefined();
    const sum: LoopKernel = { ...affine(8), extents: [], reduction: { extents: [8], body: [load(0, 0, [1])], results: [{ combine: "sum", value: 0 }] } };
    expect(splitLoop(sum, [32, 32], () => true)).toBeUndefined();
  });
});
