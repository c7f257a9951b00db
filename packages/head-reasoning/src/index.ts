export { ReasoningModel, type ReasoningBatch, type ReasoningInput, type ReasoningOptions } from "./reasoning-model.ts";
