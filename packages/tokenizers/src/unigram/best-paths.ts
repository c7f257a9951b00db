import type { Segments } from "../segments.ts";
import type { Lattice } from "./lattice.ts";

/** The best segmentations, ready to be read one by one. */
export interface BestPaths {
  /** How many there are: as many as asked for, or fewer when the text has no more. */
  count: number;
  /** Log probability of each, unnormalised; falling; [count] */
  scores: Float64Array;
  /** Writes segmentation `rank` into `segments`. */
  read(rank: number, segments: Segments): void;
}

/**
 * The `limit` best segmentations: every position keeps its best ways, made of the best ways of the positions before it.
 *
 * Takes O(edges × limit) time and O(positions × limit) space, whatever the text.
 * Source: Huang and Chiang 2005, "Better k-best parsing", algorithm 2 on a lattice.
 */
export function bestPaths(lattice: Lattice, limit: number): BestPaths {
  // Ways to a position stand together, best first: its edge, and the rank of the way to that edge's begin.
  const wayCount = new Int32Array(lattice.size + 1);
  const firstWay = new Int32Array(lattice.size + 1);
  let wayScore = new Float64Array(1024);
  let wayEdge = new Int32Array(1024);
  let wayRank = new Int32Array(1024);
  let total = 1;
  wayCount[0] = 1;
  wayEdge[0] = -1;

  const edges: number[] = [];
  const ranks: number[] = [];
  for (let end = 1; end <= lattice.size; end++) {
    edges.length = 0;
    ranks.length = 0;
    for (let edge = lattice.lastInto[end]!; edge >= 0; edge = lattice.earlierInto[edge]!) {
      edges.push(edge);
      ranks.push(0);
    }
    firstWay[end] = total;
    if (total + limit > wayScore.length) {
      const capacity = Math.max(wayScore.length * 2, total + limit);
      const [score, edge, rank] = [new Float64Array(capacity), new Int32Array(capacity), new Int32Array(capacity)];
      score.set(wayScore.subarray(0, total));
      edge.set(wayEdge.subarray(0, total));
      rank.set(wayRank.subarray(0, total));
      [wayScore, wayEdge, wayRank] = [score, edge, rank];
    }
    // A merge of sorted lists, one per edge; few edges meet in a position, so the best is found by looking at all.
    for (let found = 0; found < limit; found++) {
      let best = -1;
      let bestScore = Number.NEGATIVE_INFINITY;
      for (let index = 0; index < edges.length; index++) {
        const begin = lattice.begins[edges[index]!]!;
        if (ranks[index]! >= wayCount[begin]!) continue;
        const score = wayScore[firstWay[begin]! + ranks[index]!]! + lattice.scores[edges[index]!]!;
        if (best < 0 || score > bestScore) {
          best = index;
          bestScore = score;
        }
      }
      if (best < 0) break;
      wayScore[total] = bestScore;
      wayEdge[total] = edges[best]!;
      wayRank[total] = ranks[best]!;
      ranks[best] = ranks[best]! + 1;
      total++;
      wayCount[end] = wayCount[end]! + 1;
    }
  }

  const count = wayCount[lattice.size]!;
  const first = firstWay[lattice.size]!;
  return {
    count,
    scores: wayScore.slice(first, first + count),
    read(rank, segments) {
      let way = first + rank;
      for (let end = lattice.size; end > 0; ) {
        const edge = wayEdge[way]!;
        segments.add(lattice.ids[edge]!, end);
        end = lattice.begins[edge]!;
        way = firstWay[end]! + wayRank[way]!;
      }
      segments.reverse();
    },
  };
}
