import type { Access, DType, RegisterType, Store } from "@multiway/tensor/device";
import { cutAxis, mapForms, type Nest, type NestInstruction, type NestResult } from "./nest.ts";

/** Reductions of fewer elements are not worth a second phase. */
const smallestSplit = 32768;
/** How many pieces a long reduction is cut in, at most. */
const maxPieces = 64;

export interface SplitReduction {
  /** Reduces pieces to partial results in the workspace. */
  first: Nest;
  /** Reduces the partial results and goes on with the body. */
  second: Nest;
  /** Buffers in the workspace; they are numbered behind the kernel's own. */
  parts: { dtype: DType; length: number }[];
}

/** Cuts a reduction of many elements to few results in pieces that depend on its shape alone. Undefined where that doesn't pay. */
export function splitReduction(nest: Nest, vectorAxis: number | undefined): SplitReduction | undefined {
  if (nest.results.length === 0 || nest.reduced.length === 0) return undefined;
  const numKept = nest.kept.length;
  const kept = nest.kept.reduce((total, { extent }) => total * extent, 1);
  const reduced = nest.reduced.reduce((total, { extent }) => total * extent, 1);
  const isAlong = vectorAxis === undefined || vectorAxis >= numKept;
  const keptTasks = isAlong ? kept : kept / Math.min(64, nest.kept[vectorAxis!]!.extent);
  if (kept * reduced < smallestSplit || keptTasks >= 16 || reduced < 512) return undefined;
  let axis = 0;
  nest.reduced.forEach(({ extent }, index) => {
    if (nest.reduced[axis]!.extent < maxPieces && extent > nest.reduced[axis]!.extent) axis = index;
  });
  const { extent } = nest.reduced[axis]!;
  const wantedPieces = Math.min(maxPieces, Math.ceil((kept * reduced) / 16384));
  const roundTo = vectorAxis === numKept + axis ? 16 : 1;
  const length = Math.ceil(extent / wantedPieces / roundTo) * roundTo;
  const pieces = Math.ceil(extent / length);
  if (pieces < 2) return undefined;

  const parts: SplitReduction["parts"] = [];
  const firstBody: NestInstruction[] = [];
  const firstStores: Store[] = [];
  const secondBody: NestInstruction[] = [];
  const strides = keptStrides(nest);
  const addPart = (result: number, type: RegisterType, part: "value" | "rawPosition"): number => {
    const buffer = nest.dtypes.length + parts.length;
    parts.push({ dtype: type, length: pieces * kept });
    firstBody.push({ op: "reduced", type, result, part });
    // [piece, ...kept]; axes of the first nest are piece, kept, reduced, of the second kept, piece.
    const access = (accessStrides: number[]): Access => ({ buffer, offset: 0, strides: accessStrides });
    firstStores.push({ access: access([kept, ...strides, ...nest.reduced.map(() => 0)]), value: firstBody.length - 1 });
    secondBody.push({ op: "load", type, access: access([...strides, kept]) });
    return secondBody.length - 1;
  };
  const results = nest.results.map((result, index): NestResult => {
    const value = addPart(index, nest.reductionBody[result.value]!.type, "value");
    if (result.position === undefined) return { combine: result.combine, value };
    return { combine: result.combine, value, position: addPart(index, "i32", "rawPosition") };
  });
  const dtypes = [...nest.dtypes, ...parts.map((part) => part.dtype)];
  const first = { ...cutAxis({ ...nest, body: [], stores: [] }, numKept + axis, length, 0), dtypes, body: firstBody, stores: firstStores };
  const tail = mapForms({ ...nest, reductionBody: [] }, (forms) => [...forms.slice(0, numKept), 0]);
  const second = { ...tail, dtypes, reduced: [{ extent: pieces }], reductionBody: secondBody, results };
  return { first, second, parts };
}

/** Strides of the kept axes in row-major order. */
function keptStrides(nest: Nest): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let axis = nest.kept.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= nest.kept[axis]!.extent;
  }
  return strides;
}
