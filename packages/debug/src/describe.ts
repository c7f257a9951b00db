import type { StepOp } from "@multiway/tensor/device";
import type { ObservedStep } from "./stepwise.ts";

/** `matmul+add [197, 768] f32, step 12 of trainStep`. */
export const nameOf = ({ kernel, program, index }: ObservedStep): string => `${kernel.label}, step ${index} of "${program}"`;

/** The lines that a kernel comes from, innermost ops first; a hint where none were recorded. */
export function originOf(ops: readonly StepOp[]): string {
  if (ops.length === 0) return "Call recordCallSites(true) before the ops to see the lines that made it.";
  const lines = ops.slice(-12).map(({ name, shape, dtype, site }) => `  ${name} ${dtype}[${shape.join(", ")}] at ${site}`);
  if (ops.length > lines.length) lines.unshift(`  (${ops.length - lines.length} more)`);
  return `It computes\n${lines.join("\n")}`;
}

/** Floats with four digits, everything else as it is. */
export const format = (value: number): string => (Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : value.toPrecision(4));
