import type { RetrievalRow } from "../demo/result.ts";
import { html, tick, type Html } from "./html.ts";
import type { NamedRow } from "./report-input.ts";
import type { Pictures } from "./pictures.ts";

type Answer = RetrievalRow["answers"][number];

/** Pictures of the unseen style, each with its best names. */
export async function imageToTextRows(rows: readonly NamedRow[], pictures: Pictures): Promise<Html> {
  const entries = await Promise.all(
    rows.map(
      async ({ query, name, answers }) => html`<li class="search"><div class="query">${await pictures.concept(query, `Picture of: ${name}`)}<p class="truth">${name}</p>${missed(answers)}</div>${await answerList(answers, pictures)}</li>`,
    ),
  );
  return html`<ul class="gallery searches">${entries}</ul>`;
}

/** Names, each with its best pictures of the unseen style. */
export async function textToImageRows(rows: readonly RetrievalRow[], pictures: Pictures): Promise<Html> {
  const entries = await Promise.all(
    rows.map(async ({ query, answers }) => html`<li class="search wide"><div class="query"><p class="truth">${query}</p>${missed(answers)}</div>${await answerList(answers, pictures)}</li>`),
  );
  return html`<ul class="gallery searches">${entries}</ul>`;
}

async function answerList(answers: readonly Answer[], pictures: Pictures): Promise<Html> {
  const items = await Promise.all(
    answers.map(
      async ({ id, name, similarity, isRight }) => html`<li${isRight ? html` class="right"` : ""}>${await pictures.concept(id, "")}<span>${isRight && tick}${name}${isRight && html`<span class="hidden"> (right)</span>`}</span> <span class="quiet">${signed(similarity)}</span></li>`,
    ),
  );
  return html`<ol class="answers">${items}</ol>`;
}

const missed = (answers: readonly Answer[]): Html | false => !answers.some(({ isRight }) => isRight) && html`<p class="quiet">not among the best ${answers.length}</p>`;

/** With a minus sign as wide as a plus, and no minus before zero. */
function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
