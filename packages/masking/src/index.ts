export { blockMask, type BlockMaskOptions } from "./block-mask.ts";
export { drawsFrom, type Draws } from "./draws.ts";
export { gatherMasked, maskedLoss } from "./masked-loss.ts";
export { maskCaption, maskTokens, type MaskedTokens, type TokenMaskOptions } from "./token-mask.ts";
