import type { Layout, OpKernel } from "@multiway/tensor/device";
import type { View } from "../wgsl/stage.ts";
import { writes } from "./op-kernel.ts";

/** Extents of a product. */
export interface Sizes {
  batch: readonly number[];
  m: number;
  k: number;
  n: number;
}

export function sizesOf({ inputs, outputs }: OpKernel): Sizes {
  const shape = outputs[0]!.shape;
  return { batch: shape.slice(0, -2), m: shape.at(-2)!, n: shape.at(-1)!, k: inputs[0]!.shape.at(-1)! };
}

export const operandsOf = (kernel: OpKernel): [Layout, Layout] => [kernel.inputs[0]!, kernel.inputs[1]!];

/** `let batch0 = …;` for every batch axis, from `batch`. */
export function batchIndices(batch: readonly number[]): { lines: string; names: string[] } {
  let rest = "batch";
  const names = batch.map((_, axis) => `batch${axis}`);
  const lines: string[] = [];
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    lines.push(`let batch${axis} = ${axis === 0 ? rest : `(${rest}) % ${batch[axis]}u`};`);
    rest = `(${rest}) / ${batch[axis]}u`;
  }
  return { lines: lines.join(" "), names };
}

/** An op's epilogue as the WGSL function `finish`. */
export interface EpilogueText {
  declarations: string;
  /** Of all buffers that it uses but the op's own result. */
  views: readonly View[];
  /** Whether the op's result is also stored as it is: the epilogue does not take its place. */
  keepsResult: boolean;
  /** Takes four neighbours along the last axis at once, as a vec4. */
  isWide: boolean;
  /** @param indices of the element, or of the first of four, as i32  @param own the op's result there */
  call(indices: readonly string[], own: string): string;
}

/** @param mayBeWide whether the kernel has results by fours, aligned */
export async function epilogueText(kernel: OpKernel, mayBeWide: boolean): Promise<EpilogueText | undefined> {
  // It takes the generator of loops, which a plain product has no use for.
  return kernel.epilogue && (await import("../loop/index.ts")).writeEpilogue(kernel, kernel.epilogue, mayBeWide);
}

/** Views of the result and of what an epilogue touches. */
export function resultViews(kernel: OpKernel, finish: EpilogueText | undefined, width: 1 | 4): View[] {
  const own = !finish || finish.keepsResult ? [writes("c", kernel.outputs[0]!, width)] : [];
  return [...own, ...(finish?.views ?? [])];
}

/** Statements that store one element of the result, and do what the epilogue wants of it. `index` counts elements of the contiguous result. */
export function storeElement(finish: EpilogueText | undefined, indices: readonly string[], index: string, value: string): string {
  return [...(!finish || finish.keepsResult ? [`store_c(${index}, ${value});`] : []), ...(finish ? [finish.call(indices, value)] : [])].join(" ");
}

/**
 * The same for four neighbours, as a vec4 of which the first is at `index`, a multiple of 4. `indices` end with that of the first one's column.
 * Only where the result's view is of width 4.
 */
export function storeFour(finish: EpilogueText | undefined, indices: readonly string[], index: string, value: string): string {
  const own = !finish || finish.keepsResult ? [`store_c((${index}) >> 2u, ${value});`] : [];
  if (!finish) return own.join(" ");
  if (finish.isWide) return [...own, finish.call(indices, value)].join(" ");
  const column = indices.at(-1)!;
  return [...own, ...[0, 1, 2, 3].map((q) => finish.call([...indices.slice(0, -1), `${column} + ${q}u`], `${value}[${q}]`))].join(" ");
}

/** Whether a product is worth tiles: below, most of one would be padding. */
export function isTiled(kernel: OpKernel): boolean {
  const { m, n, k } = sizesOf(kernel);
  return m >= 24 && n >= 24 && k >= 16 && m * n * k >= 65536;
}
