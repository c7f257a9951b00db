import { bytesOf, type Layout } from "@multiway/tensor/device";
import { i32, type Code, type I32, type Local, type ModuleBuilder } from "../assembler/index.ts";
import { widen } from "../blocks/widen.ts";
import type { Argument } from "./kernel.ts";

/** What a kernel function was handed, by name. */
export type Values = Readonly<Record<string, Local<"i32" | "f32">>>;

export const word = (values: Values, name: string): Local<"i32"> => values[name] as Local<"i32">;
export const float = (values: Values, name: string): Local<"f32"> => values[name] as Local<"f32">;

const fields = ["", "Batch", "Row", "Head", "Column", "IsHalf"] as const;

/** Parameters that describe a tensor [batch, length, heads, headDim]: address, byte strides, element type. */
export const headParameters = (name: string): Record<string, "i32"> => Object.fromEntries(fields.map((field) => [name + field, "i32"]));

export function headArguments(name: string, { buffer, dtype, strides, offset }: Layout): Record<string, Argument> {
  const size = bytesOf(dtype);
  const [batch, row, head, column] = strides.map((stride) => stride * size) as [number, number, number, number];
  const values: Argument[] = [{ buffer, offsetBytes: offset * size }, batch, row, head, column, Number(dtype === "f16")];
  return Object.fromEntries(fields.map((field, index) => [name + field, values[index]!]));
}

/** True where rows of headDim numbers can be used as they lie in memory. */
export const isDirect = ({ dtype, strides, shape }: Layout): boolean => dtype === "f32" && (strides[3] === 1 || shape[3]! <= 1);

/** Rows of headDim numbers: the first one's address, and the bytes from row to row. */
export interface Rows {
  from: I32;
  stride: I32;
}

/** Where the rows of one head begin. */
export function headAddress(code: Code, values: Values, name: string, batch: I32, head: I32): Local<"i32"> {
  return code.let(i32.add(word(values, name), i32.add(i32.mul(batch, word(values, `${name}Batch`)), i32.mul(head, word(values, `${name}Head`)))));
}

/** Copies `rows` rows from row `first` on into f32 rows of headDim, without gaps, at `to`. */
export function copyRows(code: Code, module: ModuleBuilder, values: Values, name: string, head: I32, first: I32 | number, rows: I32, headDim: I32, to: I32): void {
  widen(code, module, {
    from: i32.add(head, i32.mul(first, word(values, `${name}Row`))),
    strideRow: word(values, `${name}Row`),
    strideColumn: word(values, `${name}Column`),
    rows,
    columns: headDim,
    to,
    strideTo: i32.shl(headDim, 2),
    isHalf: word(values, `${name}IsHalf`),
  });
}

/** Rows of f32 from row `first` on: in place if `direct`, else copied to `to`. */
export function useRows(code: Code, module: ModuleBuilder, direct: boolean, values: Values, name: string, head: I32, first: I32, rows: I32, headDim: I32, to: I32): Rows {
  const stride = word(values, `${name}Row`);
  if (direct) return { from: code.let(i32.add(head, i32.mul(first, stride))), stride };
  copyRows(code, module, values, name, head, first, rows, headDim, to);
  return { from: code.let(to), stride: code.let(i32.shl(headDim, 2)) };
}

/** The keys (or values) of all segments as one matrix of rows: in place if there is one segment and `direct`, else copied to `to`. */
export function joinSegments(
  code: Code, module: ModuleBuilder, direct: boolean, segments: number, values: Values, name: "k" | "v", batch: I32, head: I32, headDim: I32, to: I32,
): Rows {
  if (segments === 1 && direct) return { from: headAddress(code, values, `${name}0`, batch, head), stride: word(values, `${name}0Row`) };
  const end = code.let(to);
  for (let segment = 0; segment < segments; segment++) {
    const keys = word(values, `keys${segment}`);
    copyRows(code, module, values, `${name}${segment}`, headAddress(code, values, `${name}${segment}`, batch, head), 0, keys, headDim, end);
    code.set(end, i32.add(end, i32.shl(i32.mul(keys, headDim), 2)));
  }
  return { from: code.let(to), stride: code.let(i32.shl(headDim, 2)) };
}

/** Writes rows of f32, scaled, to a contiguous tensor [batch, length, heads, headDim]; `factor` gives the scale of each row. */
export function storeRows(
  code: Code, rows: I32, from: I32, strideFrom: I32, to: I32, strideTo: I32, headDim: I32, write: (row: Local<"i32">) => (source: I32, target: I32, isVector: boolean) => void,
): void {
  const source = code.let(from);
  const target = code.let(to);
  const row = code.local("i32");
  const at = code.local("i32");
  code.for(row, 0, rows, 1, () => {
    const copy = write(row);
    const vectorEnd = code.let(i32.shl(i32.and(headDim, -4), 2));
    code.for(at, 0, vectorEnd, 16, () => copy(i32.add(source, at), i32.add(target, at), true));
    code.while(i32.ltS(at, i32.shl(headDim, 2)), () => {
      copy(i32.add(source, at), i32.add(target, at), false);
      code.increase(at, 4);
    });
    code.increase(source, strideFrom);
    code.increase(target, strideTo);
  });
}
