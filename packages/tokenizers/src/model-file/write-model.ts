import { checkModel } from "./check-model.ts";
import { defaultTrainerSpec, type Algorithm, type NormalizerSpec, type SentencePieceModel, type TrainerSpec } from "./model.ts";
import { WireWriter } from "./wire-writer.ts";

const algorithmNumber: Readonly<Record<Algorithm, number>> = { unigram: 1, bpe: 2, word: 3, character: 4 };

/**
 * Writes a model as a SentencePiece `.model` file, readable by Google's library.
 *
 * @returns the bytes of the file
 * @throws TokenizerError when the model contradicts itself
 *
 * Reading what was written gives an equal model; fields that this package does not use are kept.
 */
export function writeSentencePieceModel(model: SentencePieceModel): Uint8Array {
  checkModel("writeSentencePieceModel", model);
  const writer = new WireWriter();
  for (let id = 0; id < model.pieces.length; id++) {
    const piece = new WireWriter();
    piece.string(1, model.pieces[id]!);
    piece.float(2, model.scores[id]!);
    if (model.types[id] !== 1) piece.int32(3, model.types[id]!);
    writer.bytes(1, piece.finish());
  }
  writer.bytes(2, writeTrainer(model.trainer));
  writer.bytes(3, writeNormalizer(model.normalizer));
  if (model.denormalizer) writer.bytes(5, writeNormalizer(model.denormalizer));
  writer.raw(model.otherFields);
  return writer.finish();
}

function writeTrainer(spec: TrainerSpec): Uint8Array {
  const writer = new WireWriter();
  const defaults = defaultTrainerSpec();
  writer.int32(3, algorithmNumber[spec.algorithm]);
  if (spec.whitespaceAsSuffix) writer.boolean(24, true);
  if (spec.byteFallback) writer.boolean(35, true);
  if (spec.unknownSurface !== defaults.unknownSurface) writer.string(44, spec.unknownSurface);
  writer.string(46, spec.beginPiece);
  writer.string(47, spec.endPiece);
  writer.string(48, spec.paddingPiece);
  writer.raw(spec.otherFields);
  return writer.finish();
}

function writeNormalizer(spec: NormalizerSpec): Uint8Array {
  const writer = new WireWriter();
  writer.string(1, spec.name);
  writer.bytes(2, spec.rules);
  writer.boolean(3, spec.addDummyPrefix);
  writer.boolean(4, spec.removeExtraWhitespaces);
  writer.boolean(5, spec.escapeWhitespaces);
  writer.raw(spec.otherFields);
  return writer.finish();
}
