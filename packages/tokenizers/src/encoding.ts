import { pieceType } from "./model-file/model.ts";
import type { Normalizer } from "./normalizer/normalizer.ts";
import type { Segments } from "./segments.ts";
import { readUtf8 } from "./text/utf8.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A text cut into pieces; all four have one entry per piece. */
export interface Encoding {
  ids: Int32Array;
  /** Text of each piece; of an unknown one, the characters that had no piece. */
  pieces: string[];
  /** Where each piece begins in the raw text, in code points (not UTF-16 units). */
  begins: Int32Array;
  /** Where it ends, exclusive. */
  ends: Int32Array;
}

/** Ids alone: adjacent unknown characters become one, or each is spelled in bytes. */
export function collectIds({ bytes }: Normalizer, segments: Segments, { unknownId, byteIds }: Vocabulary): Int32Array {
  const { ids, ends, count } = segments;
  if (byteIds) {
    const spelled: number[] = [];
    for (let index = 0, begin = 0; index < count; begin = ends[index++]!) {
      if (ids[index] !== unknownId) spelled.push(ids[index]!);
      else for (let offset = begin; offset < ends[index]!; offset++) spelled.push(byteIds[bytes[offset]!]!);
    }
    return Int32Array.from(spelled);
  }
  const merged = new Int32Array(count);
  let size = 0;
  for (let index = 0; index < count; index++) {
    const id = ids[index]!;
    if (id === unknownId && size > 0 && merged[size - 1] === unknownId) continue;
    merged[size++] = id;
  }
  return size === count ? merged : merged.slice(0, size);
}

/** Ids, pieces and spans. */
export function collectEncoding({ bytes, origins }: Normalizer, segments: Segments, { pieces, types, unknownId, byteIds }: Vocabulary): Encoding {
  const capacity = byteIds ? numPieces(segments, unknownId) : segments.count;
  const encoding: Encoding = { ids: new Int32Array(capacity), pieces: [], begins: new Int32Array(capacity), ends: new Int32Array(capacity) };
  let count = 0;
  const add = (id: number, piece: string, begin: number, end: number): void => {
    encoding.ids[count] = id;
    encoding.pieces.push(piece);
    encoding.begins[count] = begin;
    encoding.ends[count++] = end;
  };
  // A word that spells a control piece covers nothing, and what follows it is shifted, as in the reference library.
  let shift = 0;
  for (let index = 0; index < segments.count; index++) {
    const id = segments.ids[index]!;
    const segmentBegin = index === 0 ? 0 : segments.ends[index - 1]!;
    const segmentEnd = segments.ends[index]!;
    const begin = segmentBegin - shift;
    const end = segmentEnd - shift;
    if (types[id] === pieceType.control) {
      add(id, pieces[id]!, origins[begin]!, origins[begin]!);
      shift += segmentEnd - segmentBegin;
    } else if (id !== unknownId) {
      add(id, pieces[id]!, origins[begin]!, origins[end]!);
    } else if (byteIds) {
      // The last byte covers the character, the ones before it nothing.
      for (let offset = begin; offset < end; offset++) {
        const byteId = byteIds[bytes[offset + shift]!]!;
        add(byteId, pieces[byteId]!, origins[begin]!, offset === end - 1 ? origins[end]! : origins[begin]!);
      }
    } else {
      const surface = readUtf8(bytes, segmentBegin, segmentEnd);
      const last = count - 1;
      if (count > 0 && encoding.ids[last] === unknownId) {
        encoding.pieces[last] += surface;
        encoding.ends[last] = origins[end]!;
      } else {
        add(id, surface, origins[begin]!, origins[end]!);
      }
    }
  }
  if (count === capacity) return encoding;
  return { ids: encoding.ids.slice(0, count), pieces: encoding.pieces, begins: encoding.begins.slice(0, count), ends: encoding.ends.slice(0, count) };
}

/** With unknown characters spelled in bytes. */
function numPieces({ ids, ends, count }: Segments, unknownId: number): number {
  let sum = count;
  for (let index = 0; index < count; index++) if (ids[index] === unknownId) sum += ends[index]! - (index === 0 ? 0 : ends[index - 1]!) - 1;
  return sum;
}
