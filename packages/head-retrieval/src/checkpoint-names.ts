import { officialNamesOf } from "@multiway/transformer";

/** Names of a retrieval model's tensors in official checkpoints: `beit3_*_retrieval.pth`, `beit3_*_itc_*.pth` (microsoft/unilm: beit3/modeling_finetune.py). */
export const retrievalNames = officialNamesOf("transformer", {
  "visionHead.weight": "vision_head.weight",
  "languageHead.weight": "language_head.weight",
  logitScale: "logit_scale",
});
