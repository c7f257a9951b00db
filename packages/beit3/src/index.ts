export { fineTuningGroups, type FineTuningGroupOptions } from "./fine-tuning-groups.ts";
export { beit3Base, beit3Giant, beit3Large, beit3Tiny, type PresetOptions } from "./presets.ts";
export { makePretrainingBatch, type PretrainingBatchOptions, type PretrainingItems } from "./pretraining-batch.ts";
export {
  PretrainingModel,
  pretrainingParts,
  type MaskedImages,
  type MaskedTexts,
  type PretrainingBatch,
  type PretrainingLoss,
  type PretrainingPart,
} from "./pretraining-model.ts";
export { pretrainingTask, startPretraining, type PretrainingState, type PretrainingTaskOptions } from "./pretraining-task.ts";
export * from "./pipelines/index.ts";
