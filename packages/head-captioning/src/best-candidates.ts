export interface Candidate {
  row: number;
  word: number;
  /** Log probability of the sentence with this word. */
  sum: number;
}

interface Beams {
  /** The first of a picture's rows. */
  from: number;
  rows: number;
  vocabulary: number;
  /** Log probability of each row's sentence so far. */
  sums: readonly number[];
  count: number;
}

/** The `count` best words among all of a picture's beams, best first; of equals the earlier. Sums are rounded to f32, as the official code keeps them. */
export function bestCandidates(logProbabilities: Float32Array, { from, rows, vocabulary, sums, count }: Beams): Candidate[] {
  const best: Candidate[] = [];
  for (let row = from; row < from + rows; row++) {
    const start = row * vocabulary;
    const before = sums[row]!;
    for (let word = 0; word < vocabulary; word++) {
      const sum = Math.fround(logProbabilities[start + word]! + before);
      if (best.length === count && !(sum > best[count - 1]!.sum)) continue;
      let place = best.length === count ? count - 1 : best.length;
      while (place > 0 && sum > best[place - 1]!.sum) place--;
      if (best.length === count) best.pop();
      best.splice(place, 0, { row, word, sum });
    }
  }
  return best;
}
