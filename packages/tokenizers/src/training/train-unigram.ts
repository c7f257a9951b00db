import { formatValue, TokenizerError } from "@multiway/errors";
import { checkModel, pieceOfByte } from "../model-file/check-model.ts";
import { defaultNormalizerSpec, defaultTrainerSpec, pieceType, type SentencePieceModel } from "../model-file/model.ts";
import { countWords, type WordList } from "./count-words.ts";
import { expectUses, minimalUses, scoreUses } from "./estimate.ts";
import { resolveOptions, type ResolvedOptions, type TrainUnigramOptions } from "./options.ts";
import { choosePieces } from "./prune.ts";
import { findSeedPieces, type PieceList } from "./seed-pieces.ts";
import { buildLattices, keepPieces } from "./word-lattices.ts";

/** Cutting stops at this many times the wanted size; the last step takes the most probable pieces. */
const headroom = 1.1;

/**
 * Trains a unigram vocabulary: many candidate pieces, scored by EM, cut down to the size that is wanted.
 *
 * ```ts
 * const model = trainUnigram(captions, { vocabularySize: 2000 });
 * const tokenizer = new SentencePieceTokenizer(model);
 * await writeFile("captions.model", writeSentencePieceModel(model));
 * ```
 *
 * The same sentences and options give the same model. Ids: `<unk>` 0, `<s>` 1, `</s>` 2, control symbols, user-defined symbols,
 * byte pieces, then pieces by falling score.
 *
 * @param sentences any text; order does not matter to the result's quality
 * @throws TokenizerError when there is no word, an option is out of range, or the size cannot be reached
 *
 * Source: Kudo 2018, "Subword regularization", section 3.2.
 */
export function trainUnigram(sentences: Iterable<string>, options: TrainUnigramOptions): SentencePieceModel {
  if (typeof sentences === "string" || typeof sentences?.[Symbol.iterator] !== "function") {
    throw new TokenizerError(`trainUnigram: sentences is ${formatValue(sentences)}; an iterable of strings is expected.`);
  }
  const resolved = resolveOptions(options);
  const { vocabularySize, onProgress } = resolved;
  const normalizer = { ...defaultNormalizerSpec(), name: "identity", ...resolved.normalizer };
  if (!normalizer.escapeWhitespaces) throw new TokenizerError("trainUnigram: normalizer.escapeWhitespaces is false; training needs blanks written as ▁.");
  const specials = specialPieces(resolved);
  const words = countWords(sentences, normalizer, resolved);
  onProgress?.({ stage: "words", count: words.counts.length, vocabularySize });

  const wanted = vocabularySize - specials.length;
  // A user-defined character has its piece already.
  const taken = new Set(specials.map(({ piece }) => piece));
  const characters = words.alphabet.filter((code) => !taken.has(String.fromCodePoint(code))).length;
  if (wanted < characters) {
    throw new TokenizerError(
      `trainUnigram: vocabularySize is ${vocabularySize}; ${specials.length} specials and ${characters} characters need ${specials.length + characters}. Raise vocabularySize or lower characterCoverage.`,
    );
  }
  const { pieces, scores } = fit(words, Math.ceil(vocabularySize * headroom), resolved);

  const chosen = choose(words, pieces, scores, taken, wanted);
  if (chosen.length < wanted && !resolved.acceptsFewer) {
    throw new TokenizerError(
      `trainUnigram: vocabularySize is ${vocabularySize}; this text gives ${specials.length + chosen.length} pieces at most. Lower vocabularySize, give more text, or set acceptsFewer.`,
    );
  }
  const all = [...specials, ...chosen];
  const model: SentencePieceModel = {
    pieces: all.map(({ piece }) => piece),
    scores: Float32Array.from(all, ({ score }) => score),
    types: Uint8Array.from(all, ({ type }) => type),
    trainer: { ...defaultTrainerSpec(), algorithm: "unigram", byteFallback: resolved.byteFallback },
    normalizer,
    otherFields: new Uint8Array(0),
  };
  checkModel("trainUnigram", model);
  onProgress?.({ stage: "done", count: all.length, vocabularySize });
  return model;
}

interface FinishedPiece {
  piece: string;
  score: number;
  type: number;
}

function specialPieces({ controlSymbols, userDefinedSymbols, byteFallback }: ResolvedOptions): FinishedPiece[] {
  const special = (type: number) => (piece: string) => ({ piece, score: 0, type });
  const specials = [
    special(pieceType.unknown)("<unk>"),
    ...["<s>", "</s>", ...controlSymbols].map(special(pieceType.control)),
    ...userDefinedSymbols.map(special(pieceType.userDefined)),
    ...(byteFallback ? Array.from({ length: 256 }, (_, byte) => special(pieceType.byte)(pieceOfByte(byte))) : []),
  ];
  const seen = new Set<string>();
  for (const { piece } of specials) {
    if (typeof piece !== "string" || piece === "") throw new TokenizerError(`trainUnigram: a symbol is ${formatValue(piece)}; texts of at least one character are expected.`);
    if (seen.has(piece)) throw new TokenizerError(`trainUnigram: the symbol ${formatValue(piece)} is given twice, or is one of <unk>, <s>, </s>; every piece may stand once.`);
    seen.add(piece);
  }
  return specials;
}

/** EM and cuts by turns, until at most `size` pieces are left. */
function fit(words: WordList, size: number, { maxPieceLength, subIterations, shrinkingFactor, vocabularySize, onProgress, ...rest }: ResolvedOptions): { pieces: PieceList; scores: Float64Array } {
  let pieces = findSeedPieces(words, { maxPieceLength, subIterations, shrinkingFactor, vocabularySize, ...rest });
  const lattices = buildLattices(words, pieces, maxPieceLength);
  onProgress?.({ stage: "seed", count: pieces.count, vocabularySize });
  const sum = pieces.frequencies.reduce((whole, frequency) => whole + frequency, 0);
  // A required character that the text lacks has frequency 0 and is no part of any word.
  let scores: Float64Array = pieces.frequencies.map((frequency) => Math.log(frequency) - Math.log(sum));

  const keep = (isKept: Uint8Array): void => {
    const kept = keepPieces(lattices, isKept);
    const from = pieces;
    const before = scores;
    pieces = {
      count: kept.length,
      begins: Int32Array.from(kept, (piece) => from.begins[piece]!),
      lengths: Uint8Array.from(kept, (piece) => from.lengths[piece]!),
      frequencies: Float64Array.from(kept, (piece) => from.frequencies[piece]!),
    };
    scores = Float64Array.from(kept, (piece) => before[piece]!);
  };

  for (;;) {
    for (let iteration = 0; iteration < subIterations; iteration++) {
      const { uses, logLikelihood } = expectUses(words, lattices, scores);
      scores = scoreUses(uses, (piece) => pieces.lengths[piece] === 1);
      keep(Uint8Array.from(uses, (count, piece) => (count >= minimalUses || pieces.lengths[piece] === 1 ? 1 : 0)));
      onProgress?.({ stage: "estimate", count: pieces.count, vocabularySize, logLikelihood });
    }
    if (pieces.count <= size) return { pieces, scores };
    keep(choosePieces(words, lattices, pieces, scores, Math.max(size, Math.floor(pieces.count * shrinkingFactor))));
    onProgress?.({ stage: "prune", count: pieces.count, vocabularySize });
  }
}

/** All characters and the most probable others, by falling score. */
function choose(words: WordList, pieces: PieceList, scores: Float64Array, taken: ReadonlySet<string>, wanted: number): FinishedPiece[] {
  const finished: (FinishedPiece & { isCharacter: boolean })[] = [];
  for (let index = 0; index < pieces.count; index++) {
    const begin = pieces.begins[index]!;
    const codes = begin < 0 ? [-1 - begin] : words.characters.subarray(begin, begin + pieces.lengths[index]!);
    const piece = String.fromCodePoint(...codes);
    if (!taken.has(piece)) finished.push({ piece, score: scores[index]!, type: pieceType.normal, isCharacter: pieces.lengths[index] === 1 });
  }
  finished.sort((a, b) => Number(b.isCharacter) - Number(a.isCharacter) || b.score - a.score || (a.piece < b.piece ? -1 : 1));
  return finished
    .slice(0, wanted)
    .sort((a, b) => b.score - a.score || (a.piece < b.piece ? -1 : 1))
    .map(({ piece, score, type }) => ({ piece, score, type }));
}
