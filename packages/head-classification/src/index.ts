export { ClassificationModel, softCrossEntropy, type ClassificationBatch, type ClassificationLossOptions, type ClassificationOptions } from "./classification-model.ts";
