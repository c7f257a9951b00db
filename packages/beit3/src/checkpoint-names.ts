import { officialNamesOf } from "@multiway/transformer";

export const pretrainingHeadNames = {
  "languageHead.weight": "mlm_head.weight",
  "languageHead.bias": "mlm_head.bias",
  "visionHead.weight": "mim_head.weight",
  "visionHead.bias": "mim_head.bias",
} as const;

/** Names of a pretraining model's tensors in official checkpoints: `beit3_base_patch16_224.pth` and others of that form. */
export const pretrainingNames = officialNamesOf("transformer", pretrainingHeadNames);
