export { contrastiveLoss, RetrievalModel, type Pooling, type RetrievalBatch, type RetrievalOptions } from "./retrieval-model.ts";
