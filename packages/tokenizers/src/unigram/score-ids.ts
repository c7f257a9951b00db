import type { Vocabulary } from "../vocabulary.ts";
import type { Lattice } from "./lattice.ts";

/**
 * Score of the segmentation that gives `ids`: the sum of its edges; −Infinity when none does.
 *
 * One unknown id may stand for several characters in a row, and a character may be spelled in byte pieces, so a set of
 * possible positions is carried along.
 *
 * @param bytes normalised text of the lattice
 */
export function scoreIds(lattice: Lattice, bytes: Uint8Array, ids: ArrayLike<number>, { unknownId, byteIds }: Vocabulary): number {
  const firstFrom = new Int32Array(lattice.size + 1).fill(-1);
  for (let edge = lattice.count - 1; edge >= 0; edge--) firstFrom[lattice.begins[edge]!] = edge;

  // Position → best score, for each number of ids that are used up.
  const reached: Map<number, number>[] = Array.from({ length: ids.length + 1 }, () => new Map<number, number>());
  const reach = (used: number, position: number, score: number): void => {
    const there = reached[used];
    if (there && score > (there.get(position) ?? Number.NEGATIVE_INFINITY)) there.set(position, score);
  };
  reach(0, 0, 0);
  for (let used = 0; used < ids.length; used++) {
    for (const [position, score] of reached[used]!) {
      for (let edge = firstFrom[position]!; edge >= 0 && edge < lattice.count && lattice.begins[edge] === position; edge++) {
        if (lattice.ids[edge] !== unknownId) {
          if (lattice.ids[edge] === ids[used]) reach(used + 1, lattice.ends[edge]!, score + lattice.scores[edge]!);
        } else if (byteIds) {
          let length = 0;
          while (position + length < lattice.ends[edge]! && ids[used + length] === byteIds[bytes[position + length]!]) length++;
          if (position + length === lattice.ends[edge]) reach(used + length, lattice.ends[edge]!, score + lattice.scores[edge]!);
        } else if (ids[used] === unknownId && (used === 0 || ids[used - 1] !== unknownId)) {
          let sum = score;
          for (let unknown = edge; ; ) {
            sum += lattice.scores[unknown]!;
            const end = lattice.ends[unknown]!;
            reach(used + 1, end, sum);
            unknown = end < lattice.size ? unknownFrom(lattice, firstFrom[end]!, unknownId) : -1;
            if (unknown < 0) break;
          }
        }
      }
    }
  }
  return reached[ids.length]!.get(lattice.size) ?? Number.NEGATIVE_INFINITY;
}

function unknownFrom(lattice: Lattice, first: number, unknownId: number): number {
  for (let edge = first; edge >= 0 && edge < lattice.count && lattice.begins[edge] === lattice.begins[first]; edge++) {
    if (lattice.ids[edge] === unknownId) return edge;
  }
  return -1;
}
