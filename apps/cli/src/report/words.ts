import { html, tick, type Html } from "./html.ts";

/** SentencePiece's sign for a space before a piece. */
const space = "\u2581";

/** A piece as people read it; one that is nothing but a space as a low line. */
export const wordText = (piece: string): string => piece.replaceAll(space, "") || "_";

/** Pieces as chips; those of one word touch. With `right`, each says by a tick, a frame and a word whether it is what stands there. */
export function pieceChips(pieces: readonly string[], right?: readonly string[]): Html {
  return html`<span class="pieces">${pieces.map((piece, index) => {
    const isRight = right && piece === right[index];
    const text = wordText(piece);
    const begins = index === 0 || piece.startsWith(space);
    const kind = `${begins ? "" : " joined"}${isRight === undefined ? "" : isRight ? " right" : " wrong"}`;
    return html`<span class="piece${kind}">${isRight && tick}${text}${isRight !== undefined && html`<span class="hidden">${isRight ? " (right)" : " (wrong)"}</span>`}</span> `;
  })}</span>`;
}
