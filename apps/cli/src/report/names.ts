import type { FilledName } from "../demo/result.ts";
import { html, type Html } from "./html.ts";
import type { Pictures } from "./pictures.ts";
import { pieceChips } from "./words.ts";

/** Names that the model filled in, with the picture and with a blank one. */
export async function namesGallery(names: readonly FilledName[], pictures: Pictures): Promise<Html> {
  const entries = await Promise.all(
    names.map(
      async ({ id, name, pieces, withPicture, withoutPicture }) => html`<li class="name">${await pictures.concept(id, `Picture of: ${name}`)}
<dl><dt>is</dt><dd class="truth">${name}</dd><dt>seen</dt><dd>${pieceChips(withPicture, pieces)}</dd><dt>blank</dt><dd>${pieceChips(withoutPicture, pieces)}</dd></dl></li>`,
    ),
  );
  return html`<ul class="gallery names">${entries}</ul>`;
}
