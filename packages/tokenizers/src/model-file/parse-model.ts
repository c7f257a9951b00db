import { formatValue, TokenizerError } from "@multiway/errors";
import { checkModel } from "./check-model.ts";
import { defaultNormalizerSpec, defaultTrainerSpec, type Algorithm, type NormalizerSpec, type SentencePieceModel, type TrainerSpec } from "./model.ts";
import { WireReader } from "./wire-reader.ts";

/** Values of `TrainerSpec.model_type`. */
const algorithms: Readonly<Record<number, Algorithm>> = { 1: "unigram", 2: "bpe", 3: "word", 4: "character" };

/**
 * Reads a SentencePiece `.model` file.
 *
 * ```ts
 * const tokenizer = new SentencePieceTokenizer(parseSentencePieceModel(await readFile("beit3.spm")));
 * ```
 *
 * @param bytes the whole file
 * @returns plain data; the rules are a view into `bytes`
 * @throws TokenizerError when the bytes are truncated, no SentencePiece model, or a model that contradicts itself
 *
 * Source: `sentencepiece_model.proto` of google/sentencepiece.
 */
export function parseSentencePieceModel(bytes: Uint8Array): SentencePieceModel {
  if (!(bytes instanceof Uint8Array)) {
    throw new TokenizerError(`parseSentencePieceModel: the model is ${formatValue(bytes)}; a Uint8Array with the whole file is expected.`);
  }
  if (bytes.length === 0) {
    throw new TokenizerError("parseSentencePieceModel: the model has 0 bytes; a SentencePiece .model file is expected. Check that the file was downloaded.");
  }
  const pieces: string[] = [];
  const scores: number[] = [];
  const types: number[] = [];
  let trainer: TrainerSpec | undefined;
  let normalizer: NormalizerSpec | undefined;
  let denormalizer: NormalizerSpec | undefined;
  const others: Uint8Array[] = [];

  const reader = new WireReader(bytes, "");
  while (reader.next()) {
    if (reader.field === 1) {
      const piece = reader.message("pieces");
      let text = "";
      let score = 0;
      let type = 1;
      while (piece.next()) {
        if (piece.field === 1) text = piece.string("piece");
        else if (piece.field === 2) score = piece.float("score");
        else if (piece.field === 3) type = piece.int32("type");
        else piece.skip();
      }
      pieces.push(text);
      scores.push(score);
      types.push(type);
    } else if (reader.field === 2) trainer = readTrainer(reader.message("trainer_spec"));
    else if (reader.field === 3) normalizer = readNormalizer(reader.message("normalizer_spec"));
    else if (reader.field === 5) denormalizer = readNormalizer(reader.message("denormalizer_spec"));
    else others.push(reader.skip());
  }

  // A type above 255 must not come back as another one from the byte array.
  const strange = types.findIndex((type) => type < 1 || type > 6);
  if (strange >= 0) {
    throw new TokenizerError(`parseSentencePieceModel: piece ${strange} (${formatValue(pieces[strange])}) has type ${types[strange]}; types 1 to 6 are accepted.`);
  }
  if (pieces.length > 0 && (!trainer || !normalizer)) {
    // Every trainer writes both, behind the pieces; a model without its rules would quietly cut text in another way.
    throw new TokenizerError(
      `parseSentencePieceModel: there are ${pieces.length} pieces, but no ${trainer ? "normalizer_spec" : "trainer_spec"} behind them; a whole SentencePiece .model file has both. The file is truncated.`,
    );
  }
  const model: SentencePieceModel = {
    pieces,
    scores: Float32Array.from(scores),
    types: Uint8Array.from(types),
    trainer: trainer ?? defaultTrainerSpec(),
    normalizer: normalizer ?? defaultNormalizerSpec(),
    ...(denormalizer ? { denormalizer } : {}),
    otherFields: join(others),
  };
  checkModel("parseSentencePieceModel", model);
  return model;
}

function readTrainer(reader: WireReader): TrainerSpec {
  const spec = defaultTrainerSpec();
  const others: Uint8Array[] = [];
  while (reader.next()) {
    if (reader.field === 3) {
      const value = reader.int32("model_type");
      const algorithm = algorithms[value];
      if (!algorithm) {
        throw new TokenizerError(`parseSentencePieceModel: model_type is ${value}; 1 (unigram), 2 (BPE), 3 (word) and 4 (char) are accepted.`);
      }
      spec.algorithm = algorithm;
    } else if (reader.field === 24) spec.whitespaceAsSuffix = reader.boolean("treat_whitespace_as_suffix");
    else if (reader.field === 35) spec.byteFallback = reader.boolean("byte_fallback");
    else if (reader.field === 44) spec.unknownSurface = reader.string("unk_surface");
    else if (reader.field === 46) spec.beginPiece = reader.string("bos_piece");
    else if (reader.field === 47) spec.endPiece = reader.string("eos_piece");
    else if (reader.field === 48) spec.paddingPiece = reader.string("pad_piece");
    else others.push(reader.skip());
  }
  spec.otherFields = join(others);
  return spec;
}

function readNormalizer(reader: WireReader): NormalizerSpec {
  const spec = defaultNormalizerSpec();
  const others: Uint8Array[] = [];
  while (reader.next()) {
    if (reader.field === 1) spec.name = reader.string("name");
    else if (reader.field === 2) spec.rules = reader.bytes("precompiled_charsmap");
    else if (reader.field === 3) spec.addDummyPrefix = reader.boolean("add_dummy_prefix");
    else if (reader.field === 4) spec.removeExtraWhitespaces = reader.boolean("remove_extra_whitespaces");
    else if (reader.field === 5) spec.escapeWhitespaces = reader.boolean("escape_whitespaces");
    else others.push(reader.skip());
  }
  spec.otherFields = join(others);
  return spec;
}

function join(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
