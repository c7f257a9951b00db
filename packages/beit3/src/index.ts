export { fineTuningGroups, type FineTuningGroupOptions } from "./fine-tuning-groups.ts";
export { beit3Base, beit3Giant, beit3Large, beit3Small, beit3Tiny, smallSizes, type PresetOptions } from "./presets.ts";
export { endsInNorm, type ReleasedTask } from "./released-heads.ts";
export { makePretrainingBatch, type PretrainingBatchOptions, type PretrainingItems } from "./pretraining/batch.ts";
export {
  PretrainingModel,
  pretrainingParts,
  type MaskedImages,
  type MaskedTexts,
  type PretrainingBatch,
  type PretrainingLoss,
  type PretrainingPart,
} from "./pretraining/model.ts";
export { PretrainedModel } from "./pretraining/pretrained-model.ts";
export { learnVisualTokens, pretrainingBatches, type PretrainingBatchesOptions, type VisualTokensOptions } from "./pretraining/batches.ts";
export { evaluatePretraining, type EvaluatePretrainingOptions, type PretrainingFigures } from "./pretraining/evaluate.ts";
export { PretrainingRun, type PretrainingRunOptions, type PretrainingRunState } from "./pretraining/run.ts";
export { pretrainingTask, startPretraining, type PretrainingState, type PretrainingTaskOptions } from "./pretraining/task.ts";
export { officialRecipes, scaledLearningRate, scratchRecipe, type FineTuningRecipe } from "./fine-tuning/recipes.ts";
export { examplesOfStep, fineTuningTask, learntModel, startFineTuning, type FineTuningState, type FineTuningTaskOptions } from "./fine-tuning/fine-tuning-task.ts";
export { augmentations, HeadContext, type Augmentation, type HeadContextOptions } from "./fine-tuning/head-context.ts";
export { classificationHead, type ClassificationHeadOptions } from "./fine-tuning/heads/classification.ts";
export type { Evaluation, HeadModel, TaskHead } from "./fine-tuning/task-head.ts";
export { captioningHead, type CaptioningHeadOptions, type CaptionTrainingBatch } from "./fine-tuning/heads/captioning.ts";
export { reasoningHead } from "./fine-tuning/heads/reasoning.ts";
export { retrievalHead } from "./fine-tuning/heads/retrieval.ts";
export { answerListOf, targetsOf, vqaHead, type VqaHeadOptions } from "./fine-tuning/heads/vqa.ts";
export { JointModel, type JointHead } from "./joint/joint-model.ts";
export { jointTask, pretrainingPart, tunedPart, type JointBatch, type JointPart, type JointTaskOptions } from "./joint/joint-task.ts";
export * from "./pipelines/index.ts";
