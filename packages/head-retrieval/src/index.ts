export { contrastiveLoss, RetrievalModel, type Pooling, type RetrievalBatch, type RetrievalLossOptions, type RetrievalOptions } from "./retrieval-model.ts";
