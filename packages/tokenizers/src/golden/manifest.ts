import { DataError, formatValue } from "@multiway/errors";

/** What one text becomes. */
export interface GoldenString {
  text: string;
  /** Not a string where the reference could not say: its tool normalises line by line. */
  normalized?: string | null;
  ids: number[];
  pieces: string[];
  begin: number[];
  end: number[];
  decoded: string;
  decoded_from_pieces: string;
  nbest?: { ids: number[]; score: number }[];
  /** Of the lattice at `sample_alpha`. */
  entropy?: number;
  /** `log_probability` for unigram models. */
  samples?: { ids: number[]; log_probability?: number }[];
  xlmr_ids?: number[];
  xlmr_decoded?: string;
  /** A special name stands in the text, and is taken as plain text in `xlmr_ids`. */
  xlmr_special_text?: boolean;
}

/** How often each segmentation was drawn. */
export interface GoldenSampling {
  text: string;
  alpha: number;
  /** Drawn among this many best ones; all, if absent. */
  nbest?: number;
  draws: number;
  counts: [ids: number[], count: number][];
  /** The true probabilities. */
  exact?: [ids: number[], probability: number][];
}

/** A manifest whose kind starts with `tokenizer.`. */
export interface TokenizerManifest {
  kind: string;
  files: string[];
  vocabulary: { size: number; unk: number; bos: number; eos: number; pad: number };
  score_atol: number;
  sample_alpha: number;
  xlmr?: { bos: number; pad: number; eos: number; unk: number; mask: number; vocabulary_size: number };
  strings: GoldenString[];
  decode_only: { ids: number[]; pieces: string[]; decoded: string }[];
  sampling: GoldenSampling[];
}

/** @throws DataError when the manifest is of another kind or lacks a part */
export function checkManifest(manifest: unknown): TokenizerManifest {
  const given = (typeof manifest === "object" && manifest !== null ? manifest : {}) as Partial<TokenizerManifest>;
  if (typeof given.kind !== "string" || !given.kind.startsWith("tokenizer.")) {
    throw new DataError(`runTokenizerCase: the manifest has kind ${formatValue(given.kind)}; one that starts with "tokenizer." is expected.`);
  }
  if (!Array.isArray(given.files) || !given.files.some((name) => typeof name === "string" && name.endsWith(".model"))) {
    throw new DataError(`runTokenizerCase: the manifest's files are ${formatValue(given.files)}; one that ends in ".model" is expected.`);
  }
  if (!Array.isArray(given.strings) || typeof given.vocabulary !== "object" || given.vocabulary === null) {
    throw new DataError("runTokenizerCase: the manifest has no strings or no vocabulary; both are expected.");
  }
  return { ...(given as TokenizerManifest), score_atol: given.score_atol ?? 1e-3, sample_alpha: given.sample_alpha ?? 0.5, decode_only: given.decode_only ?? [], sampling: given.sampling ?? [] };
}
