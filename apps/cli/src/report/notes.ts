import type { DemoResult } from "../demo/result.ts";
import { grouped, percent } from "./figures.ts";
import { html, type Html } from "./html.ts";

/** What the figures do not show by themselves, for this run. */
export function notes(result: DemoResult): Html {
  return html`<ul class="notes">${findings(result).map((text) => html`<li>${text}</li>`)}</ul>`;
}

/** Each a sentence or two, chosen by what came out. */
export function findings({ naming, maskedPatches, retrieval, pixelNearestNeighbour, fromScratch, steps, pictures }: DemoResult): string[] {
  const ours = retrieval.imageToText.recallAt10;
  const pixels = pixelNearestNeighbour.imageToText.recallAt10;
  const scratch = fromScratch?.imageToText.recallAt10;
  const compared = `${percent(pixels)} against ${percent(ours)} at 10, from picture to name`;
  return [
    steps.pretraining < fewSteps && `This was a short run of ${grouped(steps.pretraining)} and ${grouped(steps.retrieval)} steps. Its figures show that everything works, not what the model can learn.`,
    pixels > ours
      ? `Nearest neighbour on pixels wins at this size: ${compared}. The hands that drew the four styles often draw the same thing at the same place in the same colours, and comparing with ${grouped(pictures.training)} pictures one by one makes use of just that. The model puts each picture into one vector and never sees the others again.`
      : `The model finds more names than nearest neighbour on pixels: ${compared}.`,
    scratch !== undefined &&
      (scratch > ours
        ? `Pretraining did not pay in this run: the same model trained for retrieval alone, for as many steps as both stages together, reaches ${percent(scratch)} at 10 against ${percent(ours)}.`
        : `Pretraining pays: the same model trained for retrieval alone, for as many steps as both stages together, reaches ${percent(scratch)} at 10 against ${percent(ours)}.`),
    naming.withPicture < 1.5 * naming.withoutPicture && `Names are hardly filled in better with the picture than with a blank one, so what is right here comes from knowing which pieces are frequent, not from looking.`,
    maskedPatches.accuracy <= maskedPatches.majority && `Hidden patches are predicted no better than by always saying the most frequent visual token.`,
    `All figures are of pictures drawn in a style that training never saw. Their names were seen, with pictures in other styles.`,
    `A piece counts as right when it stands at its place in the name; pieces are filled in one by one, the most certain first, and each sees those before it, right or wrong.`,
    `Examples are drawn by the seed, not picked. Another seed gives other examples, and somewhat other figures.`,
  ].filter((text) => text !== false);
}

/** Below this, the learning rate has hardly been up and down. */
const fewSteps = 400;
