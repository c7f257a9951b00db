/** The generator of loops, which is loaded with the first program that has one. */
export { blockEpilogue, type BlockEpilogue } from "./block-epilogue.ts";
export { generateLoop } from "./generate-loop.ts";
export type { MatrixBlock } from "./pointwise.ts";
