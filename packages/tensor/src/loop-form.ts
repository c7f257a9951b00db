import type { Access, Instruction, Kernel, LoopKernel } from "./kernel-ir.ts";

/** A loop taken apart: what it does, and the numbers that it does it with. */
export interface LoopForm {
  /** Equal for loops that are the same but for the numbers below, and for their labels. */
  text: string;
  /** How many indices it runs over: one axis, kept or reduced. */
  extent: number;
  /** Of loads and stores, in the order in which they stand: a reduction's body, the body, stores. An axis that is not there has stride 0. */
  accesses: readonly (Access & { stride: number })[];
  /** In the same order. */
  constants: readonly ConstantInstruction[];
}

export type ConstantInstruction = Extract<Instruction, { op: "constant" }>;

/** Half floats and bools are not whole numbers of words, or not the words that they are stored as. */
const isWord = (dtype: string): boolean => dtype === "f32" || dtype === "i32" || dtype === "u32";

/**
 * The form of a loop over one axis: elementwise code, or the reduction of all elements to single ones. Undefined for other kernels.
 *
 * Loops of one form that do not depend on one another can run as one launch, with a table of their numbers.
 */
export function loopForm(kernel: Kernel): LoopForm | undefined {
  if (kernel.kind !== "loop" || !kernel.buffers.every(({ dtype }) => isWord(dtype))) return undefined;
  const { extents, reduction, body } = kernel;
  if (extents.length + (reduction?.extents.length ?? 0) > 1 || (reduction && extents.length > 0)) return undefined;
  if (reduction?.results.some(({ combine, value }) => combine.startsWith("arg") || !isWord(reduction.body[value]!.type))) return undefined;
  const code = [...(reduction?.body ?? []), ...body];
  if (code.some((instruction) => instruction.op === "index" || (instruction.op === "load" && instruction.guard !== undefined))) return undefined;
  return {
    text: textOf(kernel),
    extent: (reduction?.extents ?? extents)[0] ?? 1,
    accesses: [...code.flatMap((instruction) => (instruction.op === "load" ? [instruction.access] : [])), ...kernel.stores.map(({ access }) => access)].map((access) => ({ ...access, stride: access.strides[0] ?? 0 })),
    constants: code.filter((instruction) => instruction.op === "constant"),
  };
}

function textOf({ buffers, reduction, body, stores }: LoopKernel): string {
  const plain = (instruction: Instruction): unknown => {
    if (instruction.op === "constant") return [instruction.op, instruction.type];
    return instruction.op === "load" ? [instruction.op, instruction.type, instruction.access.buffer] : instruction;
  };
  return JSON.stringify([buffers, reduction && [reduction.body.map(plain), reduction.results], body.map(plain), stores.map(({ access, value }) => [access.buffer, value])]);
}
