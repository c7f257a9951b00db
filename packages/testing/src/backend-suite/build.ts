import {
  registerType,
  type BinaryOperation,
  type DType,
  type Epilogue,
  type HostArray,
  type Instruction,
  type Kernel,
  type KernelBuffer,
  type Layout,
  type LoopKernel,
  type Place,
  type Program,
  type ProgramBuffer,
  type RegisterType,
  type Step,
  type UnaryOperation,
} from "@multiway/tensor/device";
import type { Tolerance } from "../compare.ts";
import { product, type CaseBody, type CaseBuffer, type CaseRun } from "./case.ts";

/** Row-major strides. */
export function contiguous(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const extent of [...shape].reverse()) {
    strides.unshift(stride);
    stride *= extent;
  }
  return strides;
}

/** Writes instructions; each method returns the position of what it wrote. */
export class Code {
  readonly instructions: Instruction[] = [];

  push(instruction: Instruction): number {
    return this.instructions.push(instruction) - 1;
  }

  typeOf(position: number): RegisterType {
    return this.instructions[position]!.type;
  }

  constant(type: RegisterType, value: number | "inf" | "-inf" | "nan"): number {
    return this.push({ op: "constant", type, value });
  }

  index(axis: number): number {
    return this.push({ op: "index", type: "i32", axis });
  }

  load(dtype: DType, buffer: number, strides: readonly number[], offset = 0, guard?: number): number {
    const access = { buffer, offset, strides };
    return this.push({ op: "load", type: registerType(dtype), access, ...(guard === undefined ? {} : { guard }) });
  }

  unary(op: UnaryOperation, x: number): number {
    return this.push({ op, type: op === "isNaN" ? "bool" : this.typeOf(x), x });
  }

  binary(op: BinaryOperation, x: number, y: number): number {
    const isComparison = ["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"].includes(op);
    return this.push({ op, type: isComparison ? "bool" : this.typeOf(x), x, y });
  }

  select(condition: number, x: number, y: number): number {
    return this.push({ op: "select", type: this.typeOf(x), condition, x, y });
  }

  cast(type: RegisterType, x: number): number {
    return this.push({ op: "cast", type, x });
  }

  bitcast(type: RegisterType, x: number): number {
    return this.push({ op: "bitcast", type, x });
  }

  reduced(type: RegisterType, result: number): number {
    return this.push({ op: "reduced", type, result });
  }
}

/** Buffers of a kernel, from their dtypes. */
export const reads = (...dtypes: DType[]): KernelBuffer[] => dtypes.map((dtype) => ({ dtype, access: "read" }));
export const writes = (...dtypes: DType[]): KernelBuffer[] => dtypes.map((dtype) => ({ dtype, access: "write" }));

/** `input`: given data; `output`: checked. */
export const input = (dtype: DType, data: HostArray, shape: readonly number[] = [data.length]): CaseBuffer => ({ dtype, shape, data });
export const output = (dtype: DType, shape: readonly number[], check: Tolerance): CaseBuffer => ({ dtype, shape, check });

/** A program of one kernel whose buffers are the case's, in order. */
export function single(kernel: Kernel, buffers: readonly CaseBuffer[]): CaseBody {
  const places = new Places();
  const step = { kernel: 0, buffers: buffers.map(({ dtype, shape }) => places.binding(dtype, product(shape))) };
  return { program: places.program([kernel], [step]), buffers };
}

/** A loop kernel, without what is empty. */
export function loop(label: string, kernel: Omit<LoopKernel, "kind" | "label">): LoopKernel {
  return { kind: "loop", label, ...kernel };
}

/** Lays out the buffers of a program; each method returns a program buffer's position. */
export class Places {
  readonly #buffers: ProgramBuffer[] = [];
  readonly #alignment: number;
  #numBindings = 0;
  #arenaBytes = 0;

  constructor(alignment = 4) {
    this.#alignment = alignment;
  }

  /** The next binding. */
  binding(dtype: DType, length: number): number {
    return this.#push(dtype, length, { kind: "binding", index: this.#numBindings++ });
  }

  /** Arena memory behind all that was laid out before, or in the place of an earlier buffer. */
  arena(dtype: DType, length: number, inPlaceOf?: number): number {
    const earlier = inPlaceOf === undefined ? undefined : this.#buffers[inPlaceOf]!.place;
    const offsetBytes = earlier?.kind === "arena" ? earlier.offsetBytes : Math.ceil(this.#arenaBytes / this.#alignment) * this.#alignment;
    // Devices may copy whole words, also of the last half float.
    const bytes = Math.ceil((length * (dtype === "f16" ? 2 : 4)) / 4) * 4;
    this.#arenaBytes = Math.max(this.#arenaBytes, offsetBytes + bytes);
    return this.#push(dtype, length, { kind: "arena", offsetBytes });
  }

  constant(dtype: DType, data: HostArray): number {
    return this.#push(dtype, data.length, { kind: "constant", data });
  }

  scalars(dtype: "f32" | "u32" | "i32", length: number): number {
    return this.#push(dtype, length, { kind: "scalars" });
  }

  program(kernels: readonly Kernel[], steps: readonly Step[], numScalars = 0): Program {
    const arenaBytes = Math.ceil(this.#arenaBytes / this.#alignment) * this.#alignment;
    return { label: kernels[0]?.label ?? "empty", kernels, buffers: this.#buffers, steps, arenaBytes, numBindings: this.#numBindings, numScalars };
  }

  #push(dtype: DType, length: number, place: Place): number {
    return this.#buffers.push({ dtype, length, place }) - 1;
  }
}

/** A tensor of a kernel op, with the data of the buffer behind it. */
export interface Tensor {
  dtype: DType;
  shape: readonly number[];
  strides?: readonly number[];
  offset?: number;
  data: HostArray;
}

export interface Result {
  dtype: DType;
  shape: readonly number[];
  /** Without, the result is computed and not compared. */
  check?: Tolerance;
}

/** One kernel op in a chain: operands are positions among the tensors, then the results of the ops so far. */
export interface OpStep {
  op: string;
  attributes?: Readonly<Record<string, number | boolean>>;
  inputs: readonly number[];
  results: readonly Result[];
  epilogue?: OpEpilogue;
}

/** Code behind a kernel op, element by element. */
export interface OpEpilogue {
  /** Positions among the tensors, and strides along the axes of the op's result. */
  reads: readonly { tensor: number; strides: readonly number[] }[];
  /** True: the first of the step's results is the op's own. False: what the code makes first takes its place. */
  keepsResult: boolean;
  /** @returns the instruction of each result that the code makes */
  write(code: Code, own: number, reads: readonly number[]): readonly number[];
}

/** A program of kernel ops, each in one step, with all tensors and results as bindings. */
export function ops(tensors: readonly Tensor[], steps: readonly OpStep[], runs?: readonly CaseRun[]): CaseBody {
  const places = new Places();
  const buffers: CaseBuffer[] = tensors.map(({ dtype, data }) => input(dtype, data));
  const layouts: Omit<Layout, "buffer">[] = tensors.map(({ dtype, shape, strides = contiguous(shape), offset = 0 }) => ({ dtype, shape, strides, offset }));
  tensors.forEach(({ dtype, data }) => places.binding(dtype, data.length));
  const kernels: Kernel[] = [];
  const list: Step[] = [];
  for (const { op, attributes = {}, inputs, results, epilogue } of steps) {
    const first = layouts.length;
    for (const result of results) {
      layouts.push({ dtype: result.dtype, shape: result.shape, strides: contiguous(result.shape), offset: 0 });
      buffers.push({ dtype: result.dtype, shape: result.shape, ...(result.check ? { check: result.check } : {}) });
      places.binding(result.dtype, product(result.shape));
    }
    const outputs = results.map((_, position) => first + position);
    const bound = [...new Set([...inputs, ...outputs, ...(epilogue?.reads.map(({ tensor }) => tensor) ?? [])])];
    const layout = (position: number): Layout => ({ buffer: bound.indexOf(position), ...layouts[position]! });
    kernels.push({
      kind: "op", op, label: `${op} ${inputs.map((position) => `${layouts[position]!.dtype}[${layouts[position]!.shape.join(",")}]`).join(" ")}`,
      buffers: bound.map((position) => ({ dtype: layouts[position]!.dtype, access: position < first ? "read" : "write" })),
      attributes, inputs: inputs.map(layout), outputs: (epilogue ? outputs.slice(0, 1) : outputs).map(layout),
      ...(epilogue && { epilogue: writeEpilogue(epilogue, results, (position) => bound.indexOf(position), outputs) }),
    });
    list.push({ kernel: kernels.length - 1, buffers: bound });
  }
  return { program: places.program(kernels, list), buffers, ...(runs ? { runs } : {}) };
}

function writeEpilogue({ reads, keepsResult, write }: OpEpilogue, results: readonly Result[], bufferOf: (position: number) => number, outputs: readonly number[]): Epilogue {
  const code = new Code();
  const own = contiguous(results[0]!.shape);
  const loaded = code.load("f32", bufferOf(outputs[0]!), own);
  const values = write(code, loaded, reads.map(({ tensor, strides }) => code.load("f32", bufferOf(tensor), strides)));
  const stored = keepsResult ? outputs.slice(1) : outputs;
  return { body: code.instructions, stores: stored.map((output, position) => ({ access: { buffer: bufferOf(output), offset: 0, strides: own }, value: values[position]! })) };
}
