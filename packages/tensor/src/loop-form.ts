import type { Access, Instruction, Kernel, LoopKernel } from "./kernel-ir.ts";

/** A loop taken apart: what it does, and the numbers that it does it with. */
export interface LoopForm {
  /** Equal for loops that are the same but for the numbers below, and for their labels. */
  text: string;
  /** The loop with a constant for each use, since which of them are equal is a matter of numbers too. */
  kernel: LoopKernel;
  /** How many indices it runs over: one axis, kept or reduced. */
  extent: number;
  /** Of loads and stores, in the order in which they stand: a reduction's body, the body, stores. An axis that is not there has stride 0. */
  accesses: readonly (Access & { stride: number })[];
  /** In the same order. */
  constants: readonly ConstantInstruction[];
}

export type ConstantInstruction = Extract<Instruction, { op: "constant" }>;

/**
 * Names the form of a loop over one axis: elementwise code, or the reduction of all elements to single ones. Undefined for other kernels.
 *
 * Loops of one form that do not depend on one another can run as one launch, with a table of their numbers.
 */
export function loopFormText(kernel: Kernel): string | undefined {
  const form = separated(kernel);
  return form && textOf(form);
}

/** The form of a loop that has one: see {@link loopFormText}. */
export function loopForm(given: Kernel): LoopForm | undefined {
  const kernel = separated(given);
  if (!kernel) return undefined;
  const code = codeOf(kernel);
  return {
    text: textOf(kernel),
    kernel,
    extent: (kernel.reduction?.extents ?? kernel.extents)[0] ?? 1,
    accesses: [...code.flatMap((instruction) => (instruction.op === "load" ? [instruction.access] : [])), ...kernel.stores.map(({ access }) => access)].map((access) => ({ ...access, stride: access.strides[0] ?? 0 })),
    constants: code.filter((instruction) => instruction.op === "constant"),
  };
}

const codeOf = ({ reduction, body }: LoopKernel): Instruction[] => [...(reduction?.body ?? []), ...body];

/** Half floats and bools are not whole numbers of words, or not the words that they are stored as. */
const isWord = (dtype: string): boolean => dtype === "f32" || dtype === "i32" || dtype === "u32";

/** A loop that has a form, with a constant for each use. */
function separated(kernel: Kernel): LoopKernel | undefined {
  if (kernel.kind !== "loop" || !kernel.buffers.every(({ dtype }) => isWord(dtype))) return undefined;
  const { extents, reduction } = kernel;
  if (extents.length + (reduction?.extents.length ?? 0) > 1 || (reduction && extents.length > 0)) return undefined;
  if (reduction?.results.some(({ combine, value }) => combine.startsWith("arg") || !isWord(reduction.body[value]!.type))) return undefined;
  if (codeOf(kernel).some((instruction) => instruction.op === "index" || (instruction.op === "load" && instruction.guard !== undefined))) return undefined;
  return withSeparateConstants(kernel);
}

function withSeparateConstants(kernel: LoopKernel): LoopKernel {
  const { reduction } = kernel;
  const inner = reduction && separateConstants(reduction.body, reduction.results.map(({ value }) => value));
  const outer = separateConstants(kernel.body, kernel.stores.map(({ value }) => value));
  return {
    ...kernel,
    ...(inner && { reduction: { ...reduction, body: inner.body, results: reduction.results.map((result, position) => ({ ...result, value: inner.values[position]! })) } }),
    body: outer.body,
    stores: kernel.stores.map((store, position) => ({ ...store, value: outer.values[position]! })),
  };
}

function separateConstants(body: readonly Instruction[], values: readonly number[]): { body: Instruction[]; values: number[] } {
  const result: Instruction[] = [];
  const places: number[] = [];
  const use = (operand: number): number => (body[operand]!.op === "constant" ? result.push(body[operand]!) - 1 : places[operand]!);
  body.forEach((instruction, position) => {
    if (instruction.op === "constant") return;
    const operands: Record<string, number> = {};
    for (const name of ["x", "y", "condition", "guard"] as const) {
      const operand = (instruction as { [Name in typeof name]?: number })[name];
      if (operand !== undefined) operands[name] = use(operand);
    }
    places[position] = result.push({ ...instruction, ...operands } as Instruction) - 1;
  });
  return { values: values.map(use), body: result };
}

function textOf({ buffers, reduction, body, stores }: LoopKernel): string {
  const plain = (instruction: Instruction): unknown => {
    if (instruction.op === "constant") return [instruction.op, instruction.type];
    return instruction.op === "load" ? [instruction.op, instruction.type, instruction.access.buffer] : instruction;
  };
  return JSON.stringify([buffers, reduction && [reduction.body.map(plain), reduction.results], body.map(plain), stores.map(({ access, value }) => [access.buffer, value])]);
}
