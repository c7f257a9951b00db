import { formatValue, TokenizerError } from "@multiway/errors";
import type { Key } from "@multiway/random";
import { MergePairs } from "./bpe/merge-pairs.ts";
import { SingleCharacters } from "./character/single-characters.ts";
import { PieceJoiner } from "./decoder/join-pieces.ts";
import { collectEncoding, collectIds, type Encoding } from "./encoding.ts";
import { checkModel } from "./model-file/check-model.ts";
import { pieceType, type SentencePieceModel } from "./model-file/model.ts";
import { Normalizer } from "./normalizer/normalizer.ts";
import { Segments, type Segmenter } from "./segments.ts";
import { BestPath } from "./unigram/best-path.ts";
import { bestPaths } from "./unigram/best-paths.ts";
import { buildLattice, forwardSums, latticeEntropy, type Lattice } from "./unigram/lattice.ts";
import { pieceScores, type PieceScores } from "./unigram/piece-scores.ts";
import { samplePath } from "./unigram/sample-path.ts";
import { scoreIds } from "./unigram/score-ids.ts";
import { Vocabulary } from "./vocabulary.ts";
import { WholeWords } from "./word/whole-words.ts";

/** A segmentation with the sum of its pieces' log probabilities. */
export interface ScoredEncoding extends Encoding {
  score: number;
}

/** How {@link SentencePieceTokenizer.sample} draws. */
export interface SampleOptions {
  /** The randomness: the same key and text give the same segmentation. */
  key: Key;
  /**
   * Unigram: each segmentation is drawn with probability ∝ exp(alpha × score); 0 is uniform, large values approach the best one.
   * BPE: the probability that a merge is dropped, 0 to 1.
   */
  alpha: number;
  /** Unigram: draw among this many best segmentations; default all of them. */
  nBest?: number;
}

/** Most segmentations that {@link SentencePieceTokenizer.nBest} gives. */
const maxNBest = 1024;
/** Bounds the memory of an n-best search to half a gigabyte. */
const maxWays = 1 << 25;

/**
 * SentencePiece: text to ids and back, by the rules of a model file.
 *
 * ```ts
 * const tokenizer = new SentencePieceTokenizer(parseSentencePieceModel(bytes));
 * const { ids, pieces } = tokenizer.encode("A dog on a bus.");
 * tokenizer.decode(ids); // "A dog on a bus."
 * ```
 *
 * Results equal those of Google's library (0.1.97), piece for piece.
 */
export class SentencePieceTokenizer {
  readonly model: SentencePieceModel;
  readonly vocabularySize: number;
  /** Id that stands for what no piece covers. */
  readonly unknownId: number;
  /** Id of `<s>`, when the model has it as a control piece. */
  readonly beginId: number | undefined;
  /** Id of `</s>`, when the model has it as a control piece. */
  readonly endId: number | undefined;
  /** Id of `<pad>`, when the model has it as a control piece. */
  readonly paddingId: number | undefined;

  readonly #vocabulary: Vocabulary;
  readonly #normalizer: Normalizer;
  readonly #denormalizer: Normalizer | undefined;
  readonly #segmenter: Segmenter;
  readonly #joiner: PieceJoiner;
  /** Of a unigram model. */
  readonly #scores: PieceScores | undefined;
  readonly #segments = new Segments();

  /**
   * @param model from `parseSentencePieceModel` or `trainUnigram`; it must not change afterwards
   * @throws TokenizerError when the model contradicts itself or its normalisation rules are damaged
   */
  constructor(model: SentencePieceModel) {
    checkModel("SentencePieceTokenizer", model);
    const vocabulary = new Vocabulary(model);
    const { algorithm, whitespaceAsSuffix, beginPiece, endPiece, paddingPiece } = model.trainer;
    this.model = model;
    this.vocabularySize = model.pieces.length;
    this.unknownId = vocabulary.unknownId;
    this.#vocabulary = vocabulary;
    this.beginId = this.#controlId(beginPiece);
    this.endId = this.#controlId(endPiece);
    this.paddingId = this.#controlId(paddingPiece);
    this.#normalizer = new Normalizer(model.normalizer, whitespaceAsSuffix, vocabulary.userDefinedTrie);
    this.#denormalizer = model.denormalizer && model.denormalizer.rules.length > 0 ? new Normalizer(model.denormalizer, false) : undefined;
    this.#joiner = new PieceJoiner(model, vocabulary);
    if (algorithm === "unigram") {
      this.#scores = pieceScores(vocabulary);
      this.#segmenter = new BestPath(vocabulary, this.#scores);
    } else if (algorithm === "bpe") this.#segmenter = new MergePairs(vocabulary);
    else if (algorithm === "word") this.#segmenter = new WholeWords(vocabulary);
    else this.#segmenter = new SingleCharacters(vocabulary);
  }

  /** Id of a piece; the unknown id for a text that is none. */
  pieceToId(piece: string): number {
    return this.#vocabulary.idOf(piece) ?? this.unknownId;
  }

  /** @throws TokenizerError when `id` is outside the vocabulary */
  idToPiece(id: number): string {
    this.#checkId("idToPiece", id);
    return this.#vocabulary.pieces[id]!;
  }

  /** The form of `text` that pieces are cut from, blanks written as `▁`. */
  normalize(text: string): string {
    this.#normalize("normalize", text);
    return this.#normalizer.text();
  }

  /** Pieces with their ids and the span of the raw text that each covers. */
  encode(text: string): Encoding {
    this.#segment("encode", text);
    return this.#collect();
  }

  /** Ids alone: the quick way. */
  encodeIds(text: string): Int32Array {
    this.#segment("encodeIds", text);
    return collectIds(this.#normalizer, this.#segments, this.#vocabulary);
  }

  /**
   * Text of `ids`. Control ids vanish, the unknown id becomes ` ⁇ `.
   *
   * @throws TokenizerError when an id is outside the vocabulary
   */
  decode(ids: ArrayLike<number>): string {
    for (let index = 0; index < ids.length; index++) this.#checkId("decode", ids[index]!, index);
    return this.#denormalize(this.#joiner.joinIds(ids));
  }

  /** Text of pieces; what is no piece stays as it is. */
  decodePieces(pieces: readonly string[]): string {
    return this.#denormalize(this.#joiner.joinPieces(pieces));
  }

  /**
   * The best segmentations, best first.
   *
   * @param count 1 to 1024; fewer come back when the text has fewer
   * @throws TokenizerError for a model that is not unigram
   */
  nBest(text: string, count: number): ScoredEncoding[] {
    if (!Number.isInteger(count) || count < 1 || count > maxNBest) {
      throw new TokenizerError(`nBest: count is ${formatValue(count)}; an integer from 1 to ${maxNBest} is expected.`);
    }
    const lattice = this.#lattice("nBest", text);
    if (lattice.size * count > maxWays) {
      throw new TokenizerError(`nBest: the text has ${lattice.size} bytes and count is ${count}; their product may be ${maxWays} at most. Cut the text or lower count.`);
    }
    const paths = bestPaths(lattice, count);
    return Array.from({ length: paths.count }, (_, rank) => {
      this.#segments.clear();
      paths.read(rank, this.#segments);
      return { ...this.#collect(), score: paths.scores[rank]! };
    });
  }

  /**
   * One segmentation, drawn: subword regularisation (unigram) or dropped merges (BPE).
   *
   * Source: Kudo 2018, "Subword regularization"; Provilkov et al. 2020, "BPE-dropout".
   * @throws TokenizerError for a word or character model, which have one segmentation
   */
  sample(text: string, options: SampleOptions): Encoding {
    return this.sampleMany(text, 1, options)[0]!;
  }

  /** `count` independent draws, with the work on the text done once. */
  sampleMany(text: string, count: number, { key, alpha, nBest }: SampleOptions): Encoding[] {
    if (!Number.isFinite(alpha) || alpha < 0) throw new TokenizerError(`sample: alpha is ${formatValue(alpha)}; a number from 0 is expected.`);
    if (!Number.isInteger(count) || count < 0) throw new TokenizerError(`sample: count is ${formatValue(count)}; a whole number from 0 is expected.`);
    const draws = Array.from({ length: count }, (_, index) => key.fold(index));
    const segments = this.#segments;
    if (this.#segmenter instanceof MergePairs) {
      if (alpha > 1) throw new TokenizerError(`sample: alpha is ${alpha}; for a BPE model it is the probability of dropping a merge, 0 to 1.`);
      if (nBest !== undefined) throw new TokenizerError("sample: nBest is given; BPE models have no n-best list. Leave it out.");
      const pairs = this.#segmenter;
      this.#normalize("sample", text);
      return draws.map((draw) => {
        segments.clear();
        pairs.segment(this.#normalizer.bytes, this.#normalizer.size, segments, (step) => draw.fold(step).number() < alpha);
        return this.#collect();
      });
    }
    if (nBest !== undefined) {
      const candidates = this.nBest(text, nBest);
      const best = candidates[0]!.score;
      const weights = candidates.map(({ score }) => Math.exp(alpha * (score - best)));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return draws.map((draw) => {
        let remaining = draw.number() * sum;
        return candidates[weights.findIndex((weight) => (remaining -= weight) < 0)] ?? candidates[0]!;
      });
    }
    const lattice = this.#lattice("sample", text);
    const sums = forwardSums(lattice, alpha);
    return draws.map((draw) => {
      segments.clear();
      samplePath(lattice, sums, alpha, (step) => draw.fold(step).number(), segments);
      return this.#collect();
    });
  }

  /**
   * Entropy, in nats, of the segmentations of `text` when each has probability ∝ exp(alpha × score).
   *
   * @throws TokenizerError for a model that is not unigram
   */
  entropy(text: string, alpha = 1): number {
    return latticeEntropy(this.#lattice("entropy", text), alpha);
  }

  /** Sum of the log probabilities of the pieces when `text` is cut into `ids`; −Infinity when it cannot be. Unigram models. */
  score(text: string, ids: ArrayLike<number>): number {
    return scoreIds(this.#lattice("score", text), this.#normalizer.bytes, ids, this.#vocabulary);
  }

  /** Log of the probability that {@link sample} draws `ids` for `text`. Unigram models. */
  logProbability(text: string, ids: ArrayLike<number>, alpha = 1): number {
    const lattice = this.#lattice("logProbability", text);
    const score = scoreIds(lattice, this.#normalizer.bytes, ids, this.#vocabulary);
    return alpha * score - forwardSums(lattice, alpha)[lattice.size]!;
  }

  #normalize(caller: string, text: string): void {
    if (typeof text !== "string") throw new TokenizerError(`${caller}: the text is ${formatValue(text)}; a string is expected.`);
    this.#normalizer.run(text);
  }

  #segment(caller: string, text: string): void {
    this.#normalize(caller, text);
    this.#segments.clear();
    this.#segmenter.segment(this.#normalizer.bytes, this.#normalizer.size, this.#segments);
  }

  #collect(): Encoding {
    return collectEncoding(this.#normalizer, this.#segments, this.#vocabulary);
  }

  #lattice(caller: string, text: string): Lattice {
    if (!this.#scores) {
      throw new TokenizerError(`${caller}: the model's algorithm is ${this.model.trainer.algorithm}; ${caller} needs a unigram model${caller === "sample" ? " or BPE" : ""}.`);
    }
    this.#normalize(caller, text);
    return buildLattice(this.#normalizer.bytes, this.#normalizer.size, this.#vocabulary, this.#scores);
  }

  #denormalize(text: string): string {
    if (!this.#denormalizer) return text;
    this.#denormalizer.run(text);
    return this.#denormalizer.text();
  }

  #controlId(piece: string): number | undefined {
    const id = this.#vocabulary.idOf(piece);
    return id !== undefined && this.#vocabulary.types[id] === pieceType.control ? id : undefined;
  }

  #checkId(caller: string, id: number, index?: number): void {
    if (Number.isInteger(id) && id >= 0 && id < this.vocabularySize) return;
    const place = index === undefined ? "the id" : `id ${index}`;
    throw new TokenizerError(`${caller}: ${place} is ${formatValue(id)}; an integer from 0 to ${this.vocabularySize - 1} is expected. Ids of another tokenizer may have been given.`);
  }
}
