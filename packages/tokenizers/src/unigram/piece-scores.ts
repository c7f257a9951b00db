import { pieceType } from "../model-file/model.ts";
import { utf8Bytes } from "../text/utf8.ts";
import type { Vocabulary } from "../vocabulary.ts";

/** An unknown character costs this much more than the least likely piece. */
const unknownPenalty = 10;

/** What each piece adds to a segmentation. Numbers of the file are f32, and so are the sums, as in the reference library. */
export interface PieceScores {
  /** By id, for the search of the best path; −Infinity for pieces that text never becomes. */
  best: Float64Array;
  /** By id, for lattices: the same but for user-defined symbols, whose length counts in characters there. */
  lattice: Float64Array;
  /** Log probability of an unknown character. */
  unknown: number;
}

/** Scores of the pieces, with the bonus that makes user-defined symbols always win. */
export function pieceScores({ pieces, scores, types }: Vocabulary): PieceScores {
  let lowest = Number.POSITIVE_INFINITY;
  // The reference starts at the smallest positive f32, so a vocabulary of log probabilities has this maximum.
  let highest = 1.17549435e-38;
  for (let id = 0; id < pieces.length; id++) {
    if (types[id] !== pieceType.normal) continue;
    lowest = Math.min(lowest, scores[id]!);
    highest = Math.max(highest, scores[id]!);
  }
  if (lowest === Number.POSITIVE_INFINITY) lowest = 3.4028234663852886e38;
  const best = new Float64Array(pieces.length).fill(Number.NEGATIVE_INFINITY);
  const lattice = best.slice();
  for (let id = 0; id < pieces.length; id++) {
    if (types[id] === pieceType.normal) best[id] = lattice[id] = scores[id]!;
    else if (types[id] === pieceType.userDefined) {
      best[id] = Math.fround(utf8Bytes(pieces[id]!).length * highest) - 0.1;
      lattice[id] = Math.fround(Math.fround([...pieces[id]!].length * highest) - 0.1);
    }
  }
  return { best, lattice, unknown: Math.fround(Math.fround(lowest) - unknownPenalty) };
}
