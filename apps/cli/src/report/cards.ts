import type { DemoResult } from "../demo/result.ts";
import { bars, type Bar } from "./bars.ts";
import { grouped, percent, times } from "./figures.ts";
import { html, type Html } from "./html.ts";

/** The three figures that tell what was learnt, each beside what it must be compared with. */
export function cards({ naming, maskedPatches, retrieval, pixelNearestNeighbour, chance, fromScratch, pictures }: DemoResult): Html {
  const naive = times(naming.withPicture, naming.withoutPicture);
  const guess = times(maskedPatches.accuracy, maskedPatches.majority);
  return html`<div class="cards">
${card({
  title: "Naming pictures",
  figure: percent(naming.withPicture),
  text: `of the pieces of wholly hidden names are filled in right when the model sees the picture${naive ? `, ${naive} as many as with a blank one` : ""}.`,
  caption: `Name pieces filled in right, of ${grouped(naming.pieces)}`,
  rows: [
    { label: "with the picture", share: naming.withPicture, isMain: true },
    { label: "with a blank one", share: naming.withoutPicture },
  ],
})}
${card({
  title: "Filling in patches",
  figure: percent(maskedPatches.accuracy),
  text: `of hidden patches get the right one of the visual tokens${guess ? `, ${guess} as many as always saying the most frequent` : ""}.`,
  caption: `Visual tokens of hidden patches predicted right, of ${grouped(maskedPatches.patches)}`,
  rows: [
    { label: "Multiway", share: maskedPatches.accuracy, isMain: true },
    { label: "most frequent token", share: maskedPatches.majority },
  ],
})}
${card({
  title: "Finding the name",
  figure: percent(retrieval.imageToText.recallAt10),
  text: `of pictures find their name among the best ten of ${grouped(pictures.concepts)}, after fine-tuning for retrieval.`,
  caption: "Recall at 10 from picture to name",
  rows: [
    { label: "Multiway, pretrained", share: retrieval.imageToText.recallAt10, isMain: true },
    ...(fromScratch ? [{ label: "the same from scratch", share: fromScratch.imageToText.recallAt10 }] : []),
    { label: "pixels’ nearest neighbour", share: pixelNearestNeighbour.imageToText.recallAt10 },
    { label: "chance", share: chance.recallAt10 },
  ],
})}
</div>`;
}

function card({ title, figure, text, caption, rows }: { title: string; figure: string; text: string; caption: string; rows: Bar[] }): Html {
  return html`<article class="card"><h3>${title}</h3><p class="figure">${figure}</p><p>${text}</p>${bars(caption, rows)}</article>`;
}
