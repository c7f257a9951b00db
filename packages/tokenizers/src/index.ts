export type { Encoding } from "./encoding.ts";
export { parseSentencePieceModel } from "./model-file/parse-model.ts";
export { pieceType, type Algorithm, type NormalizerSpec, type PieceType, type SentencePieceModel, type TrainerSpec } from "./model-file/model.ts";
export { writeSentencePieceModel } from "./model-file/write-model.ts";
export { SentencePieceTokenizer, type SampleOptions, type ScoredEncoding } from "./tokenizer.ts";
export { groupWords, type GroupWordsOptions, type WordGroup } from "./word/group-words.ts";
export { cleanUpSpaces } from "./xlm-roberta/clean-up.ts";
export { XlmRobertaTokenizer, type DecodeOptions, type EncodeOptions, type ModelInput } from "./xlm-roberta/xlm-roberta.ts";
