import { formatValue, TokenizerError } from "@multiway/errors";
import { pieceType, type SentencePieceModel } from "./model.ts";

/** Most pieces that a model may have: four times the largest vocabulary in the wild (Gemma's 262,144). */
export const maxPieces = 1 << 20;
/** Longest piece, in UTF-16 units; trainers cut at 16 characters, user-defined symbols are longer. */
const maxPieceLength = 1024;

/**
 * Throws where a model contradicts itself, under the reference library's rules: exactly one unknown piece, no empty or
 * repeated piece, byte pieces all or none.
 *
 * @param caller the public function to name in the message
 */
export function checkModel(caller: string, model: SentencePieceModel): void {
  const { pieces, scores, types, trainer } = model;
  const fail = (problem: string): never => {
    throw new TokenizerError(`${caller}: ${problem}`);
  };
  if (pieces.length === 0) fail("the vocabulary is empty; at least the unknown piece is expected. The file may not be a SentencePiece model.");
  if (pieces.length > maxPieces) fail(`the vocabulary has ${pieces.length} pieces; at most ${maxPieces} are accepted.`);
  if (scores.length !== pieces.length || types.length !== pieces.length) {
    fail(`there are ${pieces.length} pieces, ${scores.length} scores and ${types.length} types; the three must be equally many.`);
  }
  const seen = new Map<string, number>();
  const bytes = new Set<number>();
  let unknownId = -1;
  for (let id = 0; id < pieces.length; id++) {
    const piece = pieces[id]!;
    if (piece === "") fail(`piece ${id} is empty; every piece needs at least one character.`);
    if (piece.length > maxPieceLength) fail(`piece ${id} is ${piece.length} characters long; at most ${maxPieceLength} are accepted.`);
    const twin = seen.get(piece);
    if (twin !== undefined) fail(`pieces ${twin} and ${id} are both ${formatValue(piece)}; every piece may stand once.`);
    seen.set(piece, id);
    if (!Number.isFinite(scores[id])) fail(`piece ${id} (${formatValue(piece)}) has score ${scores[id]}; a finite number is expected.`);
    const type = types[id]!;
    if (type < 1 || type > 6) fail(`piece ${id} (${formatValue(piece)}) has type ${type}; types 1 to 6 are accepted.`);
    if (type === pieceType.unknown) {
      if (unknownId >= 0) fail(`pieces ${unknownId} and ${id} both have the type "unknown"; exactly one is expected.`);
      unknownId = id;
    } else if (type === pieceType.byte) {
      if (!trainer.byteFallback) fail(`piece ${id} (${formatValue(piece)}) is a byte piece, but the model has byte_fallback off; no byte piece is expected then.`);
      const byte = byteOfPiece(piece);
      if (byte < 0) fail(`piece ${id} (${formatValue(piece)}) is no byte piece; <0x00> to <0xFF> are expected.`);
      bytes.add(byte);
    }
  }
  if (unknownId < 0) fail('no piece has the type "unknown"; exactly one is expected.');
  if (trainer.byteFallback && bytes.size !== 256) fail(`byte_fallback is on, but ${bytes.size} of the 256 byte pieces are there; all are expected.`);
}

/** The byte that `<0x41>` stands for; −1 for any other text. */
export function byteOfPiece(piece: string): number {
  return /^<0x[0-9A-F]{2}>$/.test(piece) ? parseInt(piece.slice(3, 5), 16) : -1;
}

/** `<0x41>` for 0x41. */
export function pieceOfByte(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}
