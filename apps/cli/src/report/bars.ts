import { percent } from "./figures.ts";
import { html, type Html } from "./html.ts";

export interface Bar {
  label: string;
  share: number;
  /** The one that the card is about. */
  isMain?: boolean;
}

/** Shares as a table with bars, so that it reads without seeing the bars. */
export function bars(caption: string, rows: readonly Bar[]): Html {
  const longest = Math.max(...rows.map(({ share }) => share), 1e-9);
  return html`<table class="bars"><caption class="hidden">${caption}</caption><tbody>${rows.map(
    ({ label, share, isMain }) =>
      html`<tr${isMain ? html` class="main"` : ""}><th scope="row">${label}</th><td class="bar" aria-hidden="true"><div style="width:${((100 * share) / longest).toFixed(1)}%"></div></td><td class="value">${percent(share)}</td></tr>`,
  )}</tbody></table>`;
}
