import { copyImage, convertChannels, fillRect, paste, type Image } from "@multiway/images";
import type { FilledPatches } from "../demo/result.ts";
import { html, type Html } from "./html.ts";
import type { Pictures } from "./pictures.ts";

/** Pictures with hidden patches, filled with what the model expects there, and with the best that visual tokens allow. */
export async function patchesGallery(examples: readonly FilledPatches[], codePatches: Uint8Array, pictures: Pictures): Promise<Html> {
  const entries = await Promise.all(
    examples.map(async (example) => {
      const image = pictures.ofConcept(example.id);
      return image && entry(example, convertChannels(image, 3), codePatches, pictures);
    }),
  );
  return html`<ul class="gallery patches">${entries}</ul>`;
}

async function entry({ name, isMasked, codes, predicted }: FilledPatches, image: Image, codePatches: Uint8Array, pictures: Pictures): Promise<Html> {
  const side = Math.round(Math.sqrt(isMasked.length));
  const sizePx = Math.floor(image.width / side);
  const places = isMasked.flatMap((masked, patch) => (masked ? [{ patch, left: (patch % side) * sizePx, top: Math.floor(patch / side) * sizePx, isRight: codes[patch] === predicted[patch] }] : []));
  const filledBy = (fill: (target: Image, place: (typeof places)[number]) => Image): Image => places.reduce((target, place) => fill(target, place), copyImage(image));
  const withTokens = (tokens: readonly number[]) => filledBy((target, { patch, left, top }) => paste(target, codePatch(codePatches, tokens[patch]!, sizePx), { left, top }));
  const hidden = filledBy((target, { left, top }) => fillRect(target, { left, top, width: sizePx, height: sizePx }, hiddenColor));
  const right = places.filter(({ isRight }) => isRight).length;
  const frames = places.map(({ left, top, isRight }) => html`<rect class="${isRight ? "right" : "wrong"}" x="${left + 0.4}" y="${top + 0.4}" width="${sizePx - 0.8}" height="${sizePx - 0.8}" />${isRight && html`<path class="tick-halo" d="${tick(left, top)}" /><path class="tick-mark" d="${tick(left, top)}" />`}`);
  const views = [
    { title: "original", image, marks: undefined, alt: `Picture of: ${name}` },
    { title: "hidden", image: hidden, marks: undefined, alt: `The same with ${places.length} of ${isMasked.length} patches hidden` },
    { title: "filled in", image: withTokens(predicted), marks: frames, alt: `Hidden patches as the model expects them: ${right} of ${places.length} right` },
    { title: "best possible", image: withTokens(codes), marks: undefined, alt: "Hidden patches as their true visual tokens show them" },
  ];
  const figures = await Promise.all(
    views.map(
      async ({ title, image: view, marks, alt }) => html`<figure><svg viewBox="0 0 ${image.width} ${image.height}" role="img" aria-label="${alt}"><image href="${await pictures.url(view)}" width="${image.width}" height="${image.height}" />${marks}</svg><figcaption>${title}</figcaption></figure>`,
    ),
  );
  return html`<li class="patch"><p><strong>${name}</strong> <span class="quiet">${right} of ${places.length} right</span></p><div class="views">${figures}</div></li>`;
}

const hiddenColor = [150, 150, 158] as const;

/** The mean patch of a visual token. */
function codePatch(codePatches: Uint8Array, code: number, sizePx: number): Image {
  const length = sizePx * sizePx * 3;
  return { width: sizePx, height: sizePx, channels: 3, data: codePatches.slice(code * length, (code + 1) * length) };
}

/** In the lower right corner of a patch of 8 pixels. */
const tick = (left: number, top: number): string => `M${left + 4.3} ${top + 5.6}l1 1.1l1.7 -2.4`;
