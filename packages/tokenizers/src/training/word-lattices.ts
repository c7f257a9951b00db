import { CharacterTrie } from "./character-trie.ts";
import type { WordList } from "./count-words.ts";
import type { PieceList } from "./seed-pieces.ts";

/**
 * Every place in every word where a piece fits, found once: EM and pruning only cross out.
 *
 * The edges that end behind character i stand from `firstEdge[i]` to `firstEdge[i + 1]`.
 */
export interface WordLattices {
  firstEdge: Int32Array;
  /** Characters of the edge's piece. [edges] */
  lengths: Uint8Array;
  /** Index of the edge's piece. [edges] */
  pieces: Int32Array;
}

export function buildLattices(words: WordList, pieces: PieceList, maxPieceLength: number): WordLattices {
  const { characters, starts } = words;
  let nodes = 1;
  for (let piece = 0; piece < pieces.count; piece++) nodes += pieces.lengths[piece]!;
  const trie = new CharacterTrie(nodes);
  for (let piece = 0; piece < pieces.count; piece++) {
    const begin = pieces.begins[piece]!;
    if (begin >= 0) trie.insert(characters, begin, begin + pieces.lengths[piece]!, piece);
  }

  // Two passes over all fits: count by end, then place.
  const firstEdge = new Int32Array(characters.length + 1);
  const visit = (found: (end: number, length: number, piece: number) => void): void => {
    for (let word = 0; word + 1 < starts.length; word++) {
      const wordEnd = starts[word + 1]!;
      for (let begin = starts[word]!; begin < wordEnd; begin++) {
        const last = Math.min(wordEnd, begin + maxPieceLength);
        for (let index = begin, node = 0; index < last; index++) {
          node = trie.child(node, characters[index]!);
          if (node < 0) break;
          if (trie.values[node]! >= 0) found(index, index + 1 - begin, trie.values[node]!);
        }
      }
    }
  };
  visit((end) => firstEdge[end + 1]!++);
  for (let index = 0; index < characters.length; index++) firstEdge[index + 1] = firstEdge[index + 1]! + firstEdge[index]!;
  const edges = firstEdge[characters.length]!;
  const lengths = new Uint8Array(edges);
  const edgePieces = new Int32Array(edges);
  const next = firstEdge.slice();
  visit((end, length, piece) => {
    const edge = next[end]!++;
    lengths[edge] = length;
    edgePieces[edge] = piece;
  });
  return { firstEdge, lengths, pieces: edgePieces };
}

/**
 * Crosses out pieces, in place, and renumbers the rest.
 *
 * @param isKept [pieces]
 * @returns for each piece that stays, its old index
 */
export function keepPieces(lattices: WordLattices, isKept: Uint8Array): Int32Array {
  const newIndex = new Int32Array(isKept.length).fill(-1);
  const oldIndex: number[] = [];
  for (let piece = 0; piece < isKept.length; piece++) if (isKept[piece]) newIndex[piece] = oldIndex.push(piece) - 1;
  const { firstEdge, lengths, pieces } = lattices;
  let size = 0;
  for (let end = 0, edge = 0; end + 1 < firstEdge.length; end++) {
    const last = firstEdge[end + 1]!;
    for (; edge < last; edge++) {
      const piece = newIndex[pieces[edge]!]!;
      if (piece < 0) continue;
      lengths[size] = lengths[edge]!;
      pieces[size++] = piece;
    }
    firstEdge[end + 1] = size;
  }
  return Int32Array.from(oldIndex);
}
