export { applyDropPath, dropout, dropPath } from "./dropout.ts";
export { Embedding } from "./embedding.ts";
export { FeedForward, type FeedForwardOptions } from "./feed-forward.ts";
export {
  fanInInitialiser,
  initialise,
  normalInitialiser,
  oneInitialiser,
  scaledInitialiser,
  truncatedNormalInitialiser,
  uniformInitialiser,
  zeroInitialiser,
} from "./initialise.ts";
export { LayerNorm } from "./layer-norm.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { Module, type LoadReport, type ModuleTensor } from "./module.ts";
export { PatchEmbedding, toPatches } from "./patch-embedding.ts";
