import { heatMap, resize, type Image } from "@multiway/images";
import type { AttentionExample } from "../demo/result.ts";
import { percent } from "./figures.ts";
import { html, type Html } from "./html.ts";
import type { Pictures } from "./pictures.ts";
import { wordText } from "./words.ts";

/** Where the words of a name and the picture's class token look. */
export async function attentionGallery(examples: readonly AttentionExample[], pictures: Pictures): Promise<Html> {
  const entries = await Promise.all(
    examples.map(async ({ id, name, words, classToken }) => {
      const image = pictures.ofConcept(id);
      if (!image) return undefined;
      // Larger, so that the map can be smooth over pixels that stay square.
      const large = resize(image, { width: image.width * 3, height: image.height * 3, filter: "nearest" });
      const map = async (label: string, over: readonly number[], alt: string) => html`<figure>${await pictures.image(heated(large, over), alt)}<figcaption>${label}<br /><span class="quiet">${percent(over.reduce((sum, value) => sum + value, 0))}</span></figcaption></figure>`;
      const maps = [
        await map("class token", classToken, `Where the class token looks in the picture of: ${name}`),
        ...(await Promise.all(words.map(({ text, overPatches }) => map(wordText(text), overPatches, `Where “${wordText(text)}” looks in the picture of: ${name}`)))),
      ];
      return html`<li class="attention"><p><strong>${name}</strong></p><div class="maps"><figure>${await pictures.image(large, `Picture of: ${name}`)}<figcaption>picture</figcaption></figure>${maps}</div></li>`;
    }),
  );
  return html`<ul class="gallery attentions">${entries}</ul>`;
}

function heated(image: Image, over: readonly number[]): Image {
  const side = Math.round(Math.sqrt(over.length));
  return heatMap(image, Float32Array.from(over), { width: side, height: side }, { opacity: 0.66 });
}
