import { OptionError } from "@multiway/errors";
import { bestCandidates } from "./best-candidates.ts";

export interface BeamSearchOptions {
  /** Sentences that are followed at a time. Default 3. */
  numBeams?: number;
  /** A sentence of n tokens, first and last included, scores its log probability divided by n to this power. Default 0.6. */
  lengthPenalty?: number;
  /** Most tokens of a sentence, first and last included; it holds at most three words less. Default 64. */
  maxLength?: number;
  signal?: AbortSignal;
  /**
   * Is told after each word how each picture's likeliest sentence begins so far: first token and words. The search may go on from another one, so that the caption need not begin so.
   */
  onWord?: (sentences: readonly (readonly number[])[]) => void;
}

/** Ids of special tokens. */
export interface CaptionTokens {
  first: number;
  last: number;
  padding: number;
  mask: number;
}

/**
 * Runs the model once.
 *
 * @param tokens    two for each row, [rows, 2]: what the row ends with, and the mask whose word is sought
 * @param continues the row of the step before that each row goes on from; undefined in the first step
 * @param length    tokens of each row so far, these two included
 * @returns         log probabilities of the word at the mask, [rows, vocabulary]
 */
export type NextWords = (tokens: Int32Array, continues: Int32Array | undefined, length: number) => Promise<Float32Array>;

export interface Caption {
  /** First token, words. What follows the words, a mask and the last token, is left out. */
  ids: number[];
  /** Log probability divided by the length penalty. */
  score: number;
}

/** A sentence that has ended, or come to the longest length. */
interface Finished {
  /** First token, words, and the mask where the last token belongs. */
  ids: number[];
  sum: number;
  score: number;
}

/** Candidates for each beam that a step looks at. */
const candidatesPerBeam = 3;

/** Out of play until others have gone: all beams begin with the same token. */
const never = -1e9;

export interface BeamSearchResult {
  captions: Caption[];
  /** Each picture's finished sentences, in the order in which they were found. */
  finished: Finished[][];
  /** How often the model was run. */
  steps: number;
}

/**
 * Beam search as the official captioning code does it, with its rules at the edges: no token is suppressed; sentences end with the last token, or when they have come to the longest
 * length, where the last word's probability counts though the word is left out; one finished sentence is kept; a picture is done when no candidate can beat it.
 *
 * Source: microsoft/unilm: beit3/engine_for_finetuning.py (CaptioningHandler), beit3/utils.py (BertCaptioningLoss, BeamHypotheses).
 *
 * @param pictures how many
 * @returns        the best sentence of each picture
 */
export async function beamSearch(pictures: number, next: NextWords, { first, last, padding, mask }: CaptionTokens, options: BeamSearchOptions = {}): Promise<BeamSearchResult> {
  const { numBeams = 3, lengthPenalty = 0.6, maxLength = 64, signal, onWord } = options;
  if (!Number.isInteger(numBeams) || numBeams < 1) throw new OptionError(`beamSearch: numBeams is ${numBeams}; expected a whole number, 1 or more.`);
  if (!Number.isInteger(maxLength) || maxLength < 3) throw new OptionError(`beamSearch: maxLength is ${maxLength}; expected a whole number, 3 or more: a first token, a word's place and a last token.`);
  const rows = pictures * numBeams;
  let sentences = Array.from({ length: rows }, () => [first]);
  let sums: number[] = Array.from({ length: rows }, (_, row) => (row % numBeams === 0 ? 0 : never));
  let tokens = Int32Array.from({ length: 2 * rows }, (_, at) => (at % 2 === 0 ? first : mask));
  let continues: Int32Array | undefined;
  const finished: Finished[][] = Array.from({ length: pictures }, () => []);
  const best: (Finished | undefined)[] = Array.from({ length: pictures });
  const isDone = new Array<boolean>(pictures).fill(false);
  let steps = 0;

  for (let length = 2; length <= maxLength && !isDone.every(Boolean); length++) {
    signal?.throwIfAborted();
    const logProbabilities = await next(tokens, continues, length);
    steps++;
    const vocabulary = logProbabilities.length / rows;
    const chosen: { row: number; word: number; sum: number }[] = [];
    for (let picture = 0; picture < pictures; picture++) {
      const from = picture * numBeams;
      const candidates = bestCandidates(logProbabilities, { from, rows: numBeams, vocabulary, sums, count: candidatesPerBeam * numBeams });
      const known = best[picture];
      isDone[picture] ||= known !== undefined && known.score >= candidates[0]!.sum / (maxLength - 1) ** lengthPenalty;
      // Behind the longest length nothing is left to find; the official code still makes this step.
      const ends = isDone[picture] || length === maxLength;
      const kept: typeof chosen = [];
      for (const { row, word, sum } of ends ? [] : candidates) {
        if (word === last || length + 1 === maxLength) {
          const sentence: Finished = { ids: [...sentences[row]!, mask], sum, score: sum / length ** lengthPenalty };
          finished[picture]!.push(sentence);
          if (sentence.score > (best[picture]?.score ?? -Infinity)) best[picture] = sentence;
        } else kept.push({ row, word, sum });
        if (kept.length === numBeams) break;
      }
      while (kept.length < numBeams) kept.push({ row: 0, word: padding, sum: 0 });
      chosen.push(...kept);
    }
    sentences = chosen.map(({ row, word }) => [...sentences[row]!, word]);
    sums = chosen.map(({ sum }) => sum);
    tokens = Int32Array.from(chosen.flatMap(({ word }) => [word, mask]));
    continues = Int32Array.from(chosen, ({ row }) => row);
    onWord?.(best.map((sentence, picture) => (isDone[picture] || tokens[2 * picture * numBeams] === padding ? (sentence?.ids.slice(0, -1) ?? [first]) : sentences[picture * numBeams]!)));
  }
  return { captions: best.map((sentence) => ({ ids: sentence!.ids.slice(0, -1), score: sentence!.score })), finished, steps };
}
