export { recallAt, type Recall } from "./recall.ts";
export { contrastiveLoss, RetrievalModel, type Pooling, type RetrievalBatch, type RetrievalOptions } from "./retrieval-model.ts";
