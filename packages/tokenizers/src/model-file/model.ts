/** How text is cut into pieces. */
export type Algorithm = "unigram" | "bpe" | "word" | "character";

/** What a piece is for. The numbers are those of the file. */
export const pieceType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** One of the values of {@link pieceType}. */
export type PieceType = (typeof pieceType)[keyof typeof pieceType];

/** How text is rewritten before it is cut (`NormalizerSpec` of the file format). */
export interface NormalizerSpec {
  /** `nmt_nfkc`, `nfkc`, `identity` … The name decides nothing: the rules are in `rules`. */
  name: string;
  /** Precompiled character map: a 32-bit size, a Darts double array, then replacement strings; empty for no rule. */
  rules: Uint8Array;
  /** Put a blank in front (behind, with `whitespaceAsSuffix`). */
  addDummyPrefix: boolean;
  /** Trim, and make one blank of several. */
  removeExtraWhitespaces: boolean;
  /** Write blanks as `▁`. */
  escapeWhitespaces: boolean;
  /** Fields that this package does not read, encoded, so that writing loses nothing. */
  otherFields: Uint8Array;
}

/** The part of the trainer's options that encoding and decoding depend on (`TrainerSpec`). */
export interface TrainerSpec {
  algorithm: Algorithm;
  /** The blank belongs to the word before it. */
  whitespaceAsSuffix: boolean;
  /** Characters without a piece are spelled in byte pieces. */
  byteFallback: boolean;
  /** Decoding of the unknown id; ` ⁇ ` unless the file says otherwise. */
  unknownSurface: string;
  beginPiece: string;
  endPiece: string;
  paddingPiece: string;
  otherFields: Uint8Array;
}

/** A SentencePiece model as plain data. The id of a piece is its index. */
export interface SentencePieceModel {
  pieces: string[];
  /** Log probability (unigram) or merge priority (BPE); [vocabularySize] */
  scores: Float32Array;
  /** {@link PieceType} of each piece; [vocabularySize] */
  types: Uint8Array;
  trainer: TrainerSpec;
  normalizer: NormalizerSpec;
  /** Applied to decoded text; without it, text stays as joined. */
  denormalizer?: NormalizerSpec;
  otherFields: Uint8Array;
}

/** The format's defaults: everything that a file leaves out. */
export function defaultNormalizerSpec(): NormalizerSpec {
  return {
    name: "",
    rules: new Uint8Array(0),
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
    escapeWhitespaces: true,
    otherFields: new Uint8Array(0),
  };
}

/** The format's defaults: everything that a file leaves out. */
export function defaultTrainerSpec(): TrainerSpec {
  return {
    algorithm: "unigram",
    whitespaceAsSuffix: false,
    byteFallback: false,
    unknownSurface: " \u2047 ",
    beginPiece: "<s>",
    endPiece: "</s>",
    paddingPiece: "<pad>",
    otherFields: new Uint8Array(0),
  };
}
