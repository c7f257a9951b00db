import { officialNamesOf } from "@multiway/transformer";
import { PatchTokenizer } from "@multiway/visual-tokenizer";
import { pretrainingHeadNames } from "../checkpoint-names.ts";
import { PretrainingModel } from "./model.ts";

/** A pretraining model and the visual tokens that it guesses: all that it takes to fill holes in texts and pictures. */
export class PretrainedModel extends PretrainingModel {
  static override readonly officialNames = officialNamesOf("transformer", {
    ...pretrainingHeadNames,
    "visualTokens.quantizer.codebook": "visual_tokens.codebook",
    "visualTokens.quantizer.usage": "visual_tokens.usage",
  });
  /** Does not learn. */
  visualTokens: PatchTokenizer;

  constructor(options: ConstructorParameters<typeof PretrainingModel>[0]) {
    super(options);
    this.visualTokens = new PatchTokenizer(options);
  }

  /** The two together; tensors are shared. */
  static of(model: PretrainingModel, visualTokens: PatchTokenizer): PretrainedModel {
    return Object.assign(Object.create(PretrainedModel.prototype) as PretrainedModel, model, { visualTokens });
  }

  /** The two apart; tensors are shared. */
  parts(): { model: PretrainingModel; visualTokens: PatchTokenizer } {
    const { visualTokens, ...model } = this;
    return { model: Object.assign(Object.create(PretrainingModel.prototype) as PretrainingModel, model), visualTokens };
  }
}
