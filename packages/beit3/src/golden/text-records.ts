import { DataError, TokenizerError } from "@multiway/errors";
import { scoreOfCount } from "@multiway/head-vqa";
import { maskCaption, type Draws } from "@multiway/masking";
import { normalizeAnswer } from "@multiway/metrics";
import { warmupCosine, warmupLinear } from "@multiway/optim";
import { encodeForTask, SentencePieceTokenizer, XlmRobertaTokenizer } from "@multiway/tokenizers";
import { MultiwayEncoder, releasedForm } from "@multiway/transformer";
import type { GoldenResult } from "@multiway/transformer/golden";
import { exactly } from "./base-case.ts";

type RecordedDraw = ["randint", low: number, high: number, value: number] | ["random", value: number];

interface Segment {
  ids: number[];
  max_len: number;
}

interface MaskedCaption {
  tokens: number[];
  length: number;
  probability: number;
  mask_id: number;
}

interface Schedule {
  base: number;
  final: number;
  epochs: number;
  per_epoch: number;
  warmup_epochs: number;
  start: number;
  /** −1: the epochs say it. */
  warmup_steps: number;
  kind: string;
  values: number[];
}

interface TextRecords {
  segments: Segment[];
  segment_results: ({ tokens: number[]; padding_mask: number[]; length: number } | { error: true })[];
  masking: MaskedCaption[];
  masking_results: { tokens: number[]; masked: number[]; draws: RecordedDraw[] }[];
  schedules: Schedule[];
  drop_path_schedule: { rate: number; layers: number; values: number[] }[];
  answers: [given: string, normalised: string][];
  /** Of answers that 0, 1, 2, … people gave. */
  answer_score: number[];
}

const parts: readonly (keyof TextRecords)[] = ["segments", "segment_results", "masking", "masking_results", "schedules", "drop_path_schedule", "answers", "answer_score"];

/** Texts as rows of ids, captions with hidden words, learning rates, stochastic depth, and answers as people's are compared: all that fine-tuning has beside the model. */
export function runTextRecords(manifest: unknown): Promise<GoldenResult[]> {
  const missing = parts.find((part) => !Array.isArray((manifest as Record<string, unknown>)[part]));
  if (missing) throw new DataError(`golden: the manifest has no list "${missing}"; expected ${parts.join(", ")}.`);
  const records = manifest as TextRecords;
  const tokenizer = tokenizerOf(1 + Math.max(...records.segments.flatMap(({ ids }) => ids)));
  return Promise.resolve([
    ...records.segments.map((segment, index) => exactly(`segments/${index}`, frame(tokenizer, segment), records.segment_results[index])),
    ...records.masking.map((caption, index) => compareMasked(`masking/${index}`, caption, records.masking_results[index]!)),
    ...records.schedules.map((schedule, index) => compareSchedule(`schedules/${index}`, schedule)),
    ...records.drop_path_schedule.map(({ rate, layers, values }, index) => closely(`drop_path_schedule/${index}`, dropPathRates(rate, layers), values)),
    ...records.answers.map(([given, normalised]) => exactly(`answers/${JSON.stringify(given)}`, normalizeAnswer(given), normalised)),
    closely("answer_score", records.answer_score.map((_, count) => scoreOfCount(count)), records.answer_score),
  ]);
}

/** Of pieces without meaning: the records begin with ids. */
function tokenizerOf(vocabularySize: number): XlmRobertaTokenizer {
  const none = new Uint8Array(0);
  const pieces = Array.from({ length: vocabularySize }, (_, id) => (id === 0 ? "<unk>" : `piece ${id}`));
  return new XlmRobertaTokenizer(
    new SentencePieceTokenizer({
      pieces,
      scores: new Float32Array(vocabularySize),
      types: Uint8Array.from(pieces, (_, id) => (id === 0 ? 2 : 1)),
      trainer: { algorithm: "unigram", whitespaceAsSuffix: false, byteFallback: false, unknownSurface: "", beginPiece: "<s>", endPiece: "</s>", paddingPiece: "<pad>", otherFields: none },
      normalizer: { name: "", rules: none, addDummyPrefix: true, removeExtraWhitespaces: true, escapeWhitespaces: true, otherFields: none },
      otherFields: none,
    }),
  );
}

function frame(tokenizer: XlmRobertaTokenizer, { ids, max_len: maxLength }: Segment): object {
  try {
    // Tasks have lengths of their own; the records try others too.
    const { ids: tokens, isPadding } = maxLength === 64 || ids.length === 0 ? encodeForTask(tokenizer, ids, "retrieval") : tokenizer.frame(ids, { maxLength, pads: true });
    return { tokens: [...tokens], padding_mask: [...isPadding], length: isPadding.filter((flag) => flag === 0).length };
  } catch (error) {
    if (TokenizerError.isInstance(error)) return { error: true };
    throw error;
  }
}

function compareMasked(name: string, { tokens, length, probability, mask_id: maskId }: MaskedCaption, expected: TextRecords["masking_results"][number]): GoldenResult {
  const { ids, positions } = maskCaption(Int32Array.from(tokens.slice(0, length)), { ratio: probability, maskId, randomIds: [3, maskId + 1] }, replayed(expected.draws));
  const isMasked = tokens.map((_, place) => Number(positions.includes(place)));
  return exactly(name, { tokens: [...ids, ...tokens.slice(length)], masked: isMasked }, { tokens: expected.tokens, masked: expected.masked });
}

/** The share of masked words that become `<mask>`, and that stay; ours become random before they stay. */
const [becomesMask, stays] = [0.8, 0.1];

/**
 * Hands out recorded draws as {@link maskCaption} asks for them. The official code draws a place until it is a new one, and then what becomes of its word; ours draws all
 * places first, and goes through them from left to right.
 */
function replayed(draws: readonly RecordedDraw[]): Draws {
  const words: { place: number; share: number; id: number | undefined }[] = [];
  draws.forEach((draw, index) => {
    if (draw[0] !== "random") return;
    const before = draws[index - 1]!;
    const after = draws[index + 1];
    if (before[0] !== "randint") throw new DataError(`golden: draw ${index} follows another share; expected a place before it.`);
    const [, share] = draw;
    const id = share >= becomesMask + stays && after?.[0] === "randint" ? after[3] : undefined;
    words.push({ place: before[3], share: share < becomesMask ? share : share < becomesMask + stays ? share + stays : share - stays, id });
  });
  const inOrder = [...words].sort((a, b) => a.place - b.place);
  let next = 0;
  return {
    choice: (count) => [...words.map(({ place }) => place - 1), ...Array.from({ length: count }, (_, place) => place).filter((place) => !words.some((word) => word.place - 1 === place))],
    uniform: () => inOrder[next++]!.share,
    integer: () => {
      const { id } = inOrder[next - 1]!;
      if (id === undefined) throw new DataError(`golden: word ${next - 1} has no recorded random id.`);
      return id;
    },
  };
}

function compareSchedule(name: string, { base, final, epochs, per_epoch: perEpoch, warmup_epochs: warmupEpochs, start, warmup_steps: steps, kind, values }: Schedule): GoldenResult {
  const make = kind === "linear" ? warmupLinear : warmupCosine;
  const schedule = make({ peak: base, minimum: final, start, warmupSteps: steps > 0 ? steps : warmupEpochs * perEpoch, totalSteps: epochs * perEpoch });
  return closely(name, Array.from({ length: epochs * perEpoch }, (_, step) => schedule(step)), values);
}

const dropPathRates = (dropPathRate: number, numLayers: number): number[] => new MultiwayEncoder({ ...releasedForm, numLayers, embedDim: 1, numHeads: 1, ffnDim: 1, dropPathRate }).layers.map((layer) => layer.dropPathRate);

/** Doubles whose last digits may differ. */
function closely(name: string, actual: readonly number[], expected: readonly number[]): GoldenResult {
  if (actual.length !== expected.length) return { name, passed: false, worst: Infinity, where: `${actual.length} values; expected ${expected.length}` };
  const errors = actual.map((value, index) => Math.abs(value - expected[index]!) / (1e-12 * Math.max(...expected.map(Math.abs))));
  const worst = Math.max(...errors);
  const at = errors.indexOf(worst);
  return { name, passed: worst <= 1, worst: Number.isNaN(worst) ? Infinity : worst, where: worst === 0 ? "" : `[${at}]: ${actual[at]} for ${expected[at]}` };
}
