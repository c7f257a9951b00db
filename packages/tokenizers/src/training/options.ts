import { formatValue, TokenizerError } from "@multiway/errors";
import { maxPieces } from "../model-file/check-model.ts";
import type { NormalizerSpec } from "../model-file/model.ts";

/** What {@link TrainUnigramOptions.onProgress} is told. */
export interface TrainingProgress {
  /** `words`: text counted; `seed`: first pieces found; `estimate`: after each round of EM; `prune`: after each cut; `done`. */
  stage: "words" | "seed" | "estimate" | "prune" | "done";
  /** Pieces at the moment; distinct words in the stage `words`. */
  count: number;
  /** Pieces wanted, specials included. */
  vocabularySize: number;
  /** Mean log likelihood of a word, in nats; in the stage `estimate`. */
  logLikelihood?: number;
}

/** Options of `trainUnigram`. */
export interface TrainUnigramOptions {
  /** Pieces of the finished model, specials included. */
  vocabularySize: number;
  /** Return a smaller model instead of throwing when the text does not give that many pieces; default false. */
  acceptsFewer?: boolean;
  /** How text is normalised; default: nothing replaced, blanks trimmed and joined, one put in front. Another model's `normalizer` may be given. */
  normalizer?: Partial<NormalizerSpec>;
  /** Share of all characters that must get a piece, the frequent ones first; the others become unknown. 0.98 to 1, default 0.9995. */
  characterCoverage?: number;
  /** Characters that get a piece however rare they are. */
  requiredCharacters?: string;
  /** Longest piece in characters, `▁` included; 1 to 255, default 16. */
  maxPieceLength?: number;
  /** Pieces to start from at most; default 1,000,000. */
  seedSize?: number;
  /** Share of the pieces that survives one cut, 0.05 to 0.95; default 0.75. */
  shrinkingFactor?: number;
  /** Rounds of EM before each cut; default 2. */
  subIterations?: number;
  /** Every digit becomes a piece of its own; default false. */
  splitsDigits?: boolean;
  /** Spell characters without a piece in 256 byte pieces; default false. */
  byteFallback?: boolean;
  /** Control pieces beside `<s>` and `</s>`; text never becomes one. */
  controlSymbols?: readonly string[];
  /** Pieces that are always cut out of the text whole. */
  userDefinedSymbols?: readonly string[];
  onProgress?: (progress: TrainingProgress) => void;
}

/** All options, with defaults filled in. */
export type ResolvedOptions = Required<Omit<TrainUnigramOptions, "onProgress" | "normalizer">> & Pick<TrainUnigramOptions, "onProgress" | "normalizer">;

/** @throws TokenizerError for a value outside its range */
export function resolveOptions(options: TrainUnigramOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    acceptsFewer: false,
    characterCoverage: 0.9995,
    requiredCharacters: "",
    maxPieceLength: 16,
    seedSize: 1_000_000,
    shrinkingFactor: 0.75,
    subIterations: 2,
    splitsDigits: false,
    byteFallback: false,
    controlSymbols: [],
    userDefinedSymbols: [],
    ...options,
  };
  checkNumber("vocabularySize", resolved.vocabularySize, 1, maxPieces, true);
  checkNumber("characterCoverage", resolved.characterCoverage, 0.98, 1, false);
  checkNumber("maxPieceLength", resolved.maxPieceLength, 1, 255, true);
  checkNumber("seedSize", resolved.seedSize, 1, 10_000_000, true);
  checkNumber("shrinkingFactor", resolved.shrinkingFactor, 0.05, 0.95, false);
  checkNumber("subIterations", resolved.subIterations, 1, 100, true);
  return resolved;
}

function checkNumber(name: string, value: number, low: number, high: number, isWhole: boolean): void {
  if (typeof value === "number" && value >= low && value <= high && (!isWhole || Number.isInteger(value))) return;
  throw new TokenizerError(`trainUnigram: ${name} is ${formatValue(value)}; ${isWhole ? "an integer" : "a number"} from ${low} to ${high} is expected.`);
}
