import type { DemoResult } from "../demo/result.ts";
import { formatDuration } from "../progress/format.ts";
import { attentionGallery } from "./attention.ts";
import { cards } from "./cards.ts";
import { curves } from "./curves.ts";
import { grouped } from "./figures.ts";
import { html, Html, type Content } from "./html.ts";
import { namesGallery } from "./names.ts";
import { notes } from "./notes.ts";
import { patchesGallery } from "./patches.ts";
import { Pictures } from "./pictures.ts";
import type { ReportInput } from "./report-input.ts";
import { imageToTextRows, textToImageRows } from "./retrieval.ts";
import { style } from "./style.ts";
import { recallTable, runTable, timeTable } from "./tables.ts";

/**
 * The report of a run as one HTML document that holds all it shows: no scripts, no requests.
 *
 * @param options.version  of the program, to be named
 */
export async function renderReport(input: ReportInput, { version }: { version?: string } = {}): Promise<string> {
  const { result, names, patches, codePatches, imageToText, textToImage, attention } = input;
  const pictures = new Pictures(input.pictures);
  const title = "What a small BEiT-3 learnt from emoji";
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<title>${title}</title>
<link rel="icon" href="data:," />
<style>${new Html(style)}</style>
</head>
<body>
<header>
<div class="strip" aria-hidden="true">${await Promise.all(spread([...input.pictures.values()], 24).map((image) => pictures.image(image, "")))}</div>
<h1>What a small <span class="whole">BEiT-3</span> learnt from emoji</h1>
<p class="lead">${lead(result)}</p>
</header>
<main>
${section("What it can do", "", cards(result))}
${section("What to make of it", "", notes(result))}
${section("Names, filled in", "The whole name is hidden; the model is told how many pieces it has, and fills them in one by one, once seeing the picture and once with a blank one. A tick marks each piece that is right.", await namesGallery(names, pictures))}
${section(
  "Hidden patches",
  "Four tenths of each picture are hidden. At each hidden place the model names one of the visual tokens, shown as the mean of all training patches that have it; it never paints pixels. The last picture shows the true visual tokens, the best that the model could answer. A solid frame with a tick marks a token that is right, a dashed frame one that isn’t; a wrong one can look right all the same.",
  await patchesGallery(patches, codePatches, pictures),
)}
${section("Finding names for pictures", "After fine-tuning, pictures and names are vectors in one space. To each picture the five most similar names, with their cosine similarity; the right one is framed and ticked.", await imageToTextRows(imageToText, pictures))}
${section("Finding pictures for names", "The other way: to each name the five most similar pictures of the unseen style.", await textToImageRows(textToImage, pictures))}
${section("All recalls", "How often the right answer is the best one, among the best five, and among the best ten.", recallTable(result))}
${section(
  "Where it looks",
  attention[0] ? `Attention of layer ${attention[0].layer + 1}, the last, from the class token and from each piece of the name to the picture’s patches, as the mean of all heads; bright is much. Each map has a scale of its own; the number is the share that goes to the picture’s patches, the rest goes to words.` : "",
  await attentionGallery(attention, pictures),
)}
${section("How it learnt", "", curves(result))}
${section("The run", "", html`<div class="tables">${runTable(result, version)}${timeTable(result)}</div>`)}
</main>
<footer><p>Pictures shown: Blobmoji by C1710 and Google (Apache License 2.0), kept from training. Learnt from: Noto Emoji by Google (Apache License 2.0), Twemoji by Twitter, Inc and other contributors, and EmojiTwo, from EmojiOne 2 by Ranks.com (both CC BY 4.0), all shrunk to 32 × 32 pixels. Names: Unicode CLDR (Unicode License v3).</p><p>The same seed gives the same figures on the CPU device, for any number of threads.</p></footer>
</body>
</html>
`;
  return document.markup;
}

function section(title: string, intro: string, content: Content): Html {
  const id = title.toLowerCase().replace(/[^a-z]+/g, "-");
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${intro && html`<p class="intro">${intro}</p>`}${content}</section>`;
}

function lead({ parameters, pictures, seconds, device, steps }: DemoResult): string {
  const where = device === "wasm" ? "the processor, with no GPU" : `the device “${device}”`;
  return `A Multiway Transformer of ${grouped(parameters)} parameters, trained from nothing on ${grouped(pictures.training)} emoji pictures in three styles and their ${grouped(pictures.concepts)} English names: ${grouped(steps.pretraining)} ${steps.pretraining === 1 ? "step" : "steps"} of masked prediction, then ${grouped(steps.retrieval)} of retrieval, ${formatDuration(seconds["total"] ?? 0)} in all, on ${where}. Here it looks at ${grouped(pictures.unseen)} pictures in a fourth style that it never saw.`;
}

/** Some of many, as far apart as can be. */
const spread = <T>(items: readonly T[], count: number): T[] => items.filter((_, index) => Math.floor((index * count) / items.length) !== Math.floor(((index - 1) * count) / items.length));
