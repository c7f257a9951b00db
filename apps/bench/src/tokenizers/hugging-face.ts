import type { SentencePieceModel } from "@multiway/tokenizers";
import { peerRequire, versionOf } from "../targets/peer-require.ts";
import { contestantOf, type Contestant } from "./contestant.ts";

export const huggingFacePeer = "hf-tokenizers";

interface Library {
  Tokenizer: new (tokenizer: object, config: object) => { encode(text: string, options: object): { ids: number[] } };
}

/** The tokenizers of transformers.js, with the model put into the form that it reads, as Hugging Face's converter for XLM-R does. */
export function huggingFace(model: SentencePieceModel, texts: readonly string[]): Contestant {
  const require = peerRequire(huggingFacePeer);
  const { Tokenizer } = require("@huggingface/tokenizers") as Library;
  const tokenizer = new Tokenizer(
    {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: {
        type: "Sequence",
        normalizers: [
          { type: "Precompiled", precompiled_charsmap: Buffer.from(model.normalizer.rules).toString("base64") },
          { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
        ],
      },
      pre_tokenizer: { type: "Metaspace", replacement: "▁", add_prefix_space: true, prepend_scheme: "always" },
      post_processor: null,
      decoder: { type: "Metaspace", replacement: "▁", add_prefix_space: true, prepend_scheme: "always" },
      model: { type: "Unigram", unk_id: 0, vocab: model.pieces.map((piece, id) => [piece, model.scores[id]!]) },
    },
    { tokenizer_class: "XLMRobertaTokenizer" },
  );
  return contestantOf(`transformers.js (@huggingface/tokenizers ${versionOf(require, "@huggingface/tokenizers")})`, texts, (text) => tokenizer.encode(text, { add_special_tokens: false }).ids);
}
