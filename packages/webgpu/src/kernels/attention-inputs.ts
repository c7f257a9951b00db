import type { Layout, OpKernel } from "@multiway/tensor/device";
import type { View } from "../wgsl/stage.ts";
import { alignedRows, at, reads } from "./op-kernel.ts";

/** The inputs of attention and of its gradient, by name. */
export interface AttentionInputs {
  batch: number;
  queries: number;
  heads: number;
  headDim: number;
  scale: number;
  q: Layout;
  segments: { k: Layout; v: Layout; keys: number; /** Keys of the segments before. */ first: number }[];
  totalKeys: number;
  bias: Layout | undefined;
  /** Inputs behind those of the forward pass: out, logSumExp, gradient. */
  rest: readonly Layout[];
}

export function attentionInputs({ inputs, attributes }: OpKernel): AttentionInputs {
  const count = attributes.segments as number;
  const q = inputs[0]!;
  const [batch, queries, heads, headDim] = q.shape as [number, number, number, number];
  let first = 0;
  const segments = Array.from({ length: count }, (_, s) => {
    const segment = { k: inputs[1 + 2 * s]!, v: inputs[2 + 2 * s]!, keys: inputs[1 + 2 * s]!.shape[1]!, first };
    first += segment.keys;
    return segment;
  });
  const bias = attributes.hasBias === true ? inputs[1 + 2 * count] : undefined;
  return { batch, queries, heads, headDim, scale: attributes.scale as number, q, segments, totalKeys: first, bias, rest: inputs.slice(1 + 2 * count + (bias ? 1 : 0)) };
}

/** How many vec4 make a head's row, when rows are padded to whole groups of four lanes. */
export const paddedFours = (headDim: number): number => 4 * Math.ceil(headDim / 16);

/** A view of [batch, rows, heads, headDim], as vec4 where rows are aligned. */
export const headView = (name: string, layout: Layout): View => reads(name, layout, alignedRows(layout) ? 4 : 1);

/** Four neighbours of a head's row from element `4 · four` on, as vec4; zeros beyond headDim. */
export function headFour(name: string, layout: Layout, row: string, four: string): string {
  const headDim = layout.shape[3]!;
  const start = at(layout, ["b", row, "h", "0u"]);
  const padded = 4 * paddedFours(headDim) !== headDim;
  if (alignedRows(layout)) {
    const load = `load_${name}(((${start}) >> 2u) + ${four})`;
    return padded ? `select(vec4<f32>(0.0f), ${load}, ${four} < ${headDim / 4}u)` : load;
  }
  const one = (q: number): string => {
    const load = `load_${name}(${start} + (4u * ${four} + ${q}u) * ${layout.strides[3]! >>> 0}u)`;
    return padded || headDim % 4 !== 0 ? `select(0.0f, ${load}, 4u * ${four} + ${q}u < ${headDim}u)` : load;
  };
  return `vec4<f32>(${[0, 1, 2, 3].map(one).join(", ")})`;
}

/** Stores a vec4 of a contiguous [batch, rows, heads, headDim], as far as it is inside the row. */
export function storeHeadFour(name: string, layout: Layout, row: string, four: string, value: string): string {
  const headDim = layout.shape[3]!;
  const start = at(layout, ["b", row, "h", "0u"]);
  if (alignedRows(layout)) {
    const store = `store_${name}(((${start}) >> 2u) + ${four}, ${value});`;
    return 4 * paddedFours(headDim) === headDim ? store : `if (${four} < ${headDim / 4}u) { ${store} }`;
  }
  return [0, 1, 2, 3].map((q) => `if (4u * ${four} + ${q}u < ${headDim}u) { store_${name}(${start} + 4u * ${four} + ${q}u, (${value})[${q}]); }`).join(" ");
}

/** `let b = …; let h = …;` from a number that counts heads within batches. */
export const batchAndHead = (flat: string, heads: number): string => `let b = (${flat}) / ${heads}u; let h = (${flat}) % ${heads}u;`;

/** Hidden keys score −Infinity, which may not be a literal. */
export const infinities = `var<private> infinity_bits: vec2<u32> = vec2<u32>(0xff800000u, 0x7fc00000u);
fn minus_infinity() -> f32 { return bitcast<f32>(infinity_bits.x); }
fn not_a_number() -> f32 { return bitcast<f32>(infinity_bits.y); }
fn is_minus_infinity(x: f32) -> bool { return bitcast<u32>(x) == 0xff800000u; }`;
