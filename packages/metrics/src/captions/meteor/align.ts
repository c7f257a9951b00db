import { englishStem } from "./english-stem.ts";

/** How a word was matched. */
export type Stage = "exact" | "stem";

/** A word of the reference and the word of the hypothesis that it is matched with. */
export interface Match {
  reference: number;
  hypothesis: number;
  stage: Stage;
}

const beamSize = 40;

interface Path {
  matches: readonly Match[];
  isUsed: Uint8Array;
  exact: number;
  chunks: number;
  distance: number;
  /** The hypothesis' place behind the last match, while the run goes on; −1 when it has ended. */
  next: number;
}

/**
 * The alignment that METEOR scores: each word matched at most once, as many exactly as can be, then in the fewest chunks, runs of words that are neighbours on both sides.
 *
 * Matches that compete with no other are settled; the rest is decided by a beam search along the reference.
 *
 * Source: Denkowski and Lavie 2014, section 2; cmu-mtlab/meteor (1.5). As there, matches of stems do not count in the search, and a match's distance falls to the paths tried after it.
 */
export function alignWords(hypothesis: readonly string[], reference: readonly string[], stemOf: (word: string) => string = englishStem): Match[] {
  const candidates = candidatesOf(hypothesis, reference, stemOf);
  const settled = settledOf(candidates, hypothesis.length);
  const isUsed = new Uint8Array(hypothesis.length);
  for (const match of settled) if (match) isUsed[match.hypothesis] = 1;

  let paths: Path[] = [{ matches: [], isUsed, exact: 0, chunks: 0, distance: 0, next: -1 }];
  candidates.forEach((choices, place) => {
    const fixed = settled[place];
    paths = best(paths).flatMap((path) => {
      if (fixed) return [{ ...extended(path, fixed), distance: path.distance + Math.abs(fixed.hypothesis - place) }];
      let { distance } = path;
      const branches: Path[] = [];
      for (const match of choices) {
        if (path.isUsed[match.hypothesis]) continue;
        branches.push({ ...extended(path, match), distance });
        distance += Math.abs(match.hypothesis - place);
      }
      return [...branches, { ...ended(path), distance }];
    });
  });
  return [...best(best(paths).map(ended))[0]!.matches];
}

/** Runs of matches that are neighbours on both sides. */
export function countChunks(matches: readonly Match[]): number {
  return matches.filter(({ reference, hypothesis }, index) => {
    const before = matches[index - 1];
    return !before || before.reference + 1 !== reference || before.hypothesis + 1 !== hypothesis;
  }).length;
}

/** For each word of the reference what it could be matched with. */
function candidatesOf(hypothesis: readonly string[], reference: readonly string[], stemOf: (word: string) => string): Match[][] {
  const isSame = hypothesis.length === reference.length && hypothesis.every((word, place) => word === reference[place]);
  const stems = hypothesis.map((word) => stemOf(word));
  const pairs = (place: number, stage: Stage, fits: (other: number) => boolean): Match[] =>
    hypothesis.flatMap((_, other) => (fits(other) ? [{ reference: place, hypothesis: other, stage }] : []));
  return reference.map((word, place) => {
    const exact = pairs(place, "exact", (other) => hypothesis[other] === word);
    if (isSame) return exact;
    const stem = stemOf(word);
    return [...exact, ...pairs(place, "stem", (other) => stems[other] === stem && hypothesis[other] !== word)];
  });
}

/** Matches of words that have no other. */
function settledOf(candidates: readonly Match[][], length: number): (Match | undefined)[] {
  const rivals = new Uint32Array(length);
  for (const { hypothesis } of candidates.flat()) rivals[hypothesis]!++;
  return candidates.map((choices) => (choices.length === 1 && rivals[choices[0]!.hypothesis] === 1 ? choices[0] : undefined));
}

/** The paths that go on: most exact matches, fewest chunks, shortest distance. */
function best(paths: readonly Path[]): Path[] {
  return paths.toSorted((a, b) => b.exact - a.exact || a.chunks - b.chunks || a.distance - b.distance).slice(0, beamSize);
}

function extended(path: Path, match: Match): Path {
  const isUsed = path.isUsed.slice();
  isUsed[match.hypothesis] = 1;
  return {
    ...path,
    matches: [...path.matches, match],
    isUsed,
    exact: path.exact + (match.stage === "exact" ? 1 : 0),
    chunks: path.chunks + (path.next >= 0 && path.next !== match.hypothesis ? 1 : 0),
    next: match.hypothesis + 1,
  };
}

/** Without a match here: a run that goes on ends. */
function ended(path: Path): Path {
  return path.next < 0 ? path : { ...path, chunks: path.chunks + 1, next: -1 };
}
