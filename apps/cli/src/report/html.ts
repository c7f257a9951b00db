/** Markup that is safe to insert as it is. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
  toString(): string {
    return this.markup;
  }
}

/** What may stand in a template: text, which is escaped; markup; nothing; a list of these. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/**
 * Markup with values in it. Every value that isn't markup itself is escaped, in text and in quoted attributes alike.
 *
 * ```ts
 * html`<p title="${name}">${name}</p>`
 * ```
 */
export function html(strings: TemplateStringsArray, ...values: Content[]): Html {
  return new Html(strings.reduce((markup, part, index) => markup + toMarkup(values[index - 1]) + part));
}

/** A tick, drawn, since not every font has one. */
export const tick = new Html('<svg class="tick" viewBox="0 0 12 12" aria-hidden="true"><path d="M2 6.6L4.8 9.4L10 2.8" /></svg>');

function toMarkup(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Html) return content.markup;
  if (Array.isArray(content)) return (content as readonly Content[]).map(toMarkup).join("");
  return escapeHtml(String(content as string | number));
}

/** Text as it stands in markup. What no document may hold, such as NUL, becomes the sign for a character that was lost. */
export function escapeHtml(text: string): string {
  return text
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
