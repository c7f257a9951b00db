export { fitPatchTokenizer, PatchTokenizer, type FitOptions, type PatchTokenizerOptions } from "./patch-tokenizer.ts";
export { unitLength, VectorQuantizer, type VectorQuantizerOptions } from "./vector-quantizer.ts";
