import type { Layout, OpKernel } from "@multiway/tensor/device";
import type { Plan, PlanLimits, View } from "../wgsl/stage.ts";

/** One way to run a kernel op. */
export interface OpKernelChoice {
  /** By strategy, as in logs: `matmulTiled`. */
  name: string;
  accepts: (kernel: OpKernel, limits: PlanLimits) => boolean;
  plan: (kernel: OpKernel, limits: PlanLimits) => Plan | Promise<Plan>;
  /** `plan` deals with the kernel's epilogue; otherwise it becomes a dispatch of its own behind. */
  runsEpilogues?: boolean;
}

export const nothing: Plan = { stages: [], scratchBytes: [] };

/** A view of the buffer in which an input lies. Offsets and strides are the kernel's to add: see {@link at}. */
export function reads(name: string, layout: Layout, width: 1 | 4 = 1): View {
  return { name, buffer: { kernel: layout.buffer }, element: layout.dtype, width, access: "read" };
}

export function writes(name: string, layout: Layout, width: 1 | 4 = 1): View {
  return { name, buffer: { kernel: layout.buffer }, element: layout.dtype, width, access: "write" };
}

/** Element number of `layout` at the given indices (WGSL u32 expressions). */
export function at(layout: Layout, indices: readonly string[]): string {
  const terms = indices.flatMap((index, axis) => {
    const stride = layout.shape[axis] === 1 ? 0 : layout.strides[axis]!;
    return stride === 0 ? [] : [stride === 1 ? `(${index})` : `(${index}) * ${word(stride)}`];
  });
  if (layout.offset !== 0 || terms.length === 0) terms.push(word(layout.offset));
  return terms.join(" + ");
}

/** A whole number as u32; negative ones wrap, as u32 sums do. */
export const word = (value: number): string => `${value >>> 0}u`;

/** True where four neighbours along the last axis are one aligned vec4. */
export function alignedRows(layout: Layout): boolean {
  const last = layout.shape.length - 1;
  return layout.strides[last] === 1 && layout.shape[last]! % 4 === 0 && layout.offset % 4 === 0 && layout.strides.slice(0, -1).every((stride, axis) => stride % 4 === 0 || layout.shape[axis] === 1);
}

/** True where four neighbours along the last axis but one are one aligned vec4. */
export function alignedColumns({ shape, strides, offset, ...rest }: Layout): boolean {
  const turned = <T>(of: readonly T[]): T[] => [...of.slice(0, -2), of.at(-1)!, of.at(-2)!];
  return alignedRows({ ...rest, offset, shape: turned(shape), strides: turned(strides) });
}
