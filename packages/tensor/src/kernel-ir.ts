import type { DType, RegisterType } from "./dtype.ts";

/**
 * The kernel language: what the fuser writes and what each device's generator turns into WGSL, WebAssembly or plain loops.
 *
 * A {@link LoopKernel} is a nest of loops over *kept* axes (each index written once, in any order) with, optionally, an inner
 * nest over *reduced* axes. Everything is plain data: it can be printed, compared, stored and posted to a worker.
 */

/** One buffer that a kernel touches. */
export interface KernelBuffer {
  dtype: DType;
  access: "read" | "write" | "readwrite";
}

/**
 * An element address: `offset + Σ strides[a] · index[a]`, in elements, over the loop axes: kept, then, in a reduction's body only, reduced.
 * A kernel that stores to a buffer loads from it, if at all, with the very access of its store: other elements may have been overwritten already.
 */
export interface Access {
  /** Position in the kernel's `buffers`. */
  buffer: number;
  offset: number;
  strides: readonly number[];
}

/**
 * Functions of one value. `floor` … `normalCdf` and `isNaN` are for f32; `negate`, `abs` and `sign` also for i32; `not` is logical on bool and
 * bitwise on integers. `round` takes halves to even. `sign(0)` is 0. NaN gives NaN, but for `isNaN`.
 */
export type UnaryOperation =
  | "negate" | "abs" | "sign" | "floor" | "ceil" | "round" | "sqrt" | "exp" | "log" | "sin" | "cos" | "tanh" | "erf" | "normalCdf" | "not" | "isNaN";

/**
 * Functions of two values of one type. Division of integers truncates; `remainder` has the sign of the dividend (as `%` in JavaScript and WGSL);
 * an integer divided by zero stays as it is and leaves the remainder 0, −2³¹ / −1 wraps to −2³¹ with the remainder 0 (both as in WGSL). `power` is for f32: a negative base
 * with a whole exponent keeps its sign (−2 to the 3 is −8), with another it gives NaN; x⁰ is 1.
 * `and`/`or`/`xor` are logical on bool, bitwise on integers; shifts are for u32 and i32 (`shiftRight` of i32 is arithmetic), by a u32 amount below 32.
 * `minimum`/`maximum` give NaN if either is NaN. Comparisons give bool.
 */
export type BinaryOperation =
  | "add" | "subtract" | "multiply" | "divide" | "remainder" | "power" | "minimum" | "maximum"
  | "and" | "or" | "xor" | "shiftLeft" | "shiftRight"
  | "equal" | "notEqual" | "less" | "lessEqual" | "greater" | "greaterEqual";

/** One step of a kernel's straight-line code. An operand is the position of an earlier instruction. */
export type Instruction =
  /** A literal. Bool literals are 0 or 1; an f32 literal is the f32 nearest to `value`. `value` may be ±Infinity or NaN, spelled as strings so that JSON keeps them. */
  | { op: "constant"; type: RegisterType; value: number | "inf" | "-inf" | "nan" }
  /** The loop index of an axis, i32; reduced axes are numbered behind the kept ones. */
  | { op: "index"; type: "i32"; axis: number }
  /** An element; f16 arrives as f32. Where `guard` (a bool instruction) is false the result is 0 and memory is not touched. */
  | { op: "load"; type: RegisterType; access: Access; guard?: number }
  | { op: UnaryOperation; type: RegisterType; x: number }
  | { op: BinaryOperation; type: RegisterType; x: number; y: number }
  | { op: "select"; type: RegisterType; condition: number; x: number; y: number }
  /** Conversion by value: floats truncate toward zero and saturate to the ends of the integer type, NaN gives 0; i32 and u32 become each other bit by bit; anything non-zero is true. */
  | { op: "cast"; type: RegisterType; x: number }
  /** The same 32 bits read as another type (f32, i32, u32). */
  | { op: "bitcast"; type: RegisterType; x: number }
  /** In a kernel's `body` only: result number `result` of its reduction. */
  | { op: "reduced"; type: RegisterType; result: number };

/**
 * How a reduction joins values. `argMax`/`argMin` give the i32 position in the flattened reduced axes of the first largest/smallest.
 * NaN behaves as in {@link BinaryOperation}: `maximum` and `minimum` give NaN if any value is NaN, `argMax` and `argMin` the first NaN. `any` and `all` are for bool, the others for numbers.
 */
export type Combine = "sum" | "product" | "maximum" | "minimum" | "any" | "all" | "argMax" | "argMin";

export interface Reduction {
  /** Extents of the reduced axes; at least one axis. An extent of 0 gives the neutral element (argMax: 0). */
  extents: readonly number[];
  /** Runs once per kept and reduced index. */
  body: readonly Instruction[];
  /** What is reduced: instruction `value` of `body`. */
  results: readonly { combine: Combine; value: number }[];
}

export interface Store {
  access: Access;
  /** Instruction of the kernel's `body`. f32 values are stored to f32 only (f16 has a kernel op of its own, `packHalf`). */
  value: number;
}

/** A generated kernel. */
export interface LoopKernel {
  kind: "loop";
  /** For logs and profiles: the ops that were fused, their shape and dtype. */
  label: string;
  buffers: readonly KernelBuffer[];
  /** Extents of the kept axes, outermost first; empty for a scalar. Any may be 0. */
  extents: readonly number[];
  reduction?: Reduction;
  /** Runs once per kept index, after the reduction. */
  body: readonly Instruction[];
  stores: readonly Store[];
}

/** How a kernel op sees a tensor: element `i` is at `offset + Σ strides[a] · i[a]` of the buffer. */
export interface Layout {
  buffer: number;
  dtype: DType;
  shape: readonly number[];
  /** In elements. 0 repeats one element along an axis (inputs only). */
  strides: readonly number[];
  offset: number;
}

/** A kernel that each device writes by hand; `op` and what it means stand in kernel-ops.ts. */
export interface OpKernel {
  kind: "op";
  op: string;
  label: string;
  buffers: readonly KernelBuffer[];
  attributes: Readonly<Record<string, number | boolean | string>>;
  inputs: readonly Layout[];
  /** Outputs are contiguous, row-major, at offset 0. */
  outputs: readonly Layout[];
  epilogue?: Epilogue;
}

/**
 * What becomes of each element of an op's first output while it is at hand: pointwise code over the axes of that output's shape.
 *
 * The op's result is what the code loads from the output's own buffer, at the element's own index; a store at that index may take its place. Means the same as a
 * {@link LoopKernel} right behind the op ({@link epilogueLoop}), and every device may run it so.
 */
export interface Epilogue {
  body: readonly Instruction[];
  /** f32 values, or of other types into other buffers. */
  stores: readonly Store[];
}

export type Kernel = LoopKernel | OpKernel;

/** An op's epilogue as a kernel of its own, over the op's buffers, of which it uses some. */
export function epilogueLoop({ label, buffers, outputs }: OpKernel, { body, stores }: Epilogue): LoopKernel {
  const written = new Set(stores.map(({ access }) => access.buffer));
  const read = new Set(body.flatMap((instruction) => (instruction.op === "load" ? [instruction.access.buffer] : [])));
  const accessOf = (buffer: number): KernelBuffer["access"] => (!written.has(buffer) ? "read" : read.has(buffer) ? "readwrite" : "write");
  return { kind: "loop", label: `${label} epilogue`, buffers: buffers.map(({ dtype }, buffer) => ({ dtype, access: accessOf(buffer) })), extents: outputs[0]!.shape, body, stores };
}
