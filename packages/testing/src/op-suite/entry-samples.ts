/** `@multiway/testing/op-samples`: with what `*.samples.ts` files are written. */
export { alongLines, at, broadcast, build, countOf, indicesOf, joined, pointwise, positive, product, reduced, reshaped, type Plain } from "./plain.ts";
export { bool, f16, f32, given, i32, samples, u32, type Failure, type Input, type Samples } from "./sample.ts";
