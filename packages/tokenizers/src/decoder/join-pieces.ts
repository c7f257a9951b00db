import { byteOfPiece } from "../model-file/check-model.ts";
import { pieceType, type SentencePieceModel } from "../model-file/model.ts";
import { readUtf8, spaceMarkText } from "../text/utf8.ts";
import type { Vocabulary } from "../vocabulary.ts";

/**
 * Text of a sequence of pieces.
 *
 * Control pieces vanish, `▁` becomes a blank, byte pieces are read as UTF-8 (a byte that belongs to no character becomes
 * U+FFFD), the unknown piece becomes the model's unknown surface, and the blank that encoding put in front goes.
 */
export class PieceJoiner {
  readonly #vocabulary: Vocabulary;
  readonly #unknownSurface: string;
  /** Whether a blank in front of the text is taken away … */
  readonly #dropsBlank: boolean;
  /** … and whether all of them are. */
  readonly #dropsBlanks: boolean;
  /** What each piece reads as; filled in as they occur. */
  readonly #surfaces: (string | undefined)[];

  constructor(model: SentencePieceModel, vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#unknownSurface = model.trainer.unknownSurface;
    this.#dropsBlank = model.normalizer.addDummyPrefix || model.normalizer.removeExtraWhitespaces;
    this.#dropsBlanks = model.normalizer.removeExtraWhitespaces;
    this.#surfaces = new Array<string | undefined>(model.pieces.length);
  }

  /** @param ids all within the vocabulary */
  joinIds(ids: ArrayLike<number>): string {
    return this.#join(ids.length, (index) => ids[index]!);
  }

  /** @param pieces any texts; one that is no piece stays as it is */
  joinPieces(pieces: readonly string[]): string {
    const { unknownId } = this.#vocabulary;
    return this.#join(
      pieces.length,
      (index) => this.#vocabulary.idOf(pieces[index]!) ?? unknownId,
      (index) => pieces[index]!,
    );
  }

  #join(count: number, idAt: (index: number) => number, pieceAt?: (index: number) => string): string {
    const { pieces, types, unknownId } = this.#vocabulary;
    let text = "";
    let isAtStart = true;
    let droppedBlank = false;
    let bytes: number[] = [];
    const flush = (): void => {
      if (bytes.length === 0) return;
      text += readUtf8(Uint8Array.from(bytes), 0, bytes.length);
      bytes = [];
    };
    for (let index = 0; index < count; index++) {
      const id = idAt(index);
      const type = types[id]!;
      if (type === pieceType.byte) {
        bytes.push(byteOfPiece(pieces[id]!));
        continue;
      }
      flush();
      if (droppedBlank || text !== "") isAtStart = false;
      droppedBlank = false;
      if (type === pieceType.control) continue;
      if (id === unknownId) {
        const piece = pieceAt?.(index);
        text += piece === undefined || piece === pieces[id] ? this.#unknownSurface : piece;
        continue;
      }
      const surface = (this.#surfaces[id] ??= pieces[id]!.replaceAll(spaceMarkText, " "));
      if (isAtStart && this.#dropsBlank && pieces[id]!.startsWith(spaceMarkText)) {
        text += surface.slice(1);
        droppedBlank = !this.#dropsBlanks;
      } else {
        text += surface;
      }
    }
    flush();
    return text;
  }
}
