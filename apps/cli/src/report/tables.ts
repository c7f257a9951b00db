import type { Recall } from "@multiway/metrics";
import type { BothWays, DemoResult } from "../demo/result.ts";
import { formatDuration, spaced } from "../progress/format.ts";
import { grouped, percent } from "./figures.ts";
import { html, type Content, type Html } from "./html.ts";

/** All recalls, both ways. */
export function recallTable({ retrieval, fromScratch, pixelNearestNeighbour, chance, pictures }: DemoResult): Html {
  const row = (name: string, { imageToText, textToImage }: BothWays, isMain = false) => html`<tr${isMain ? html` class="main"` : ""}><th scope="row">${name}</th>${cells(imageToText)}${cells(textToImage)}</tr>`;
  return html`<div class="scroll"><table class="figures">
<caption>Recall among ${grouped(pictures.concepts)} names and ${grouped(pictures.unseen)} pictures of the unseen style</caption>
<thead><tr><td></td><th scope="colgroup" colspan="3">picture to name</th><th scope="colgroup" colspan="3">name to picture</th></tr>
<tr><td></td>${[0, 1].map(() => html`<th scope="col">at 1</th><th scope="col">at 5</th><th scope="col">at 10</th>`)}</tr></thead>
<tbody>${row("Multiway, pretrained", retrieval, true)}${fromScratch && row("the same from scratch", fromScratch)}${row("pixels’ nearest neighbour", pixelNearestNeighbour)}
${row("chance", { imageToText: chance, textToImage: chanceOf(pictures.unseen) })}</tbody></table></div>`;
}

/** Each name has one picture among all. */
const chanceOf = (count: number): Recall => ({ recallAt1: 1 / count, recallAt5: 5 / count, recallAt10: 10 / count });

const cells = ({ recallAt1, recallAt5, recallAt10 }: Recall): Html => html`<td>${percent(recallAt1)}</td><td>${percent(recallAt5)}</td><td>${percent(recallAt10)}</td>`;

/** How long each part took. */
export function timeTable({ seconds }: DemoResult): Html {
  const { total = 0, ...stages } = seconds;
  const row = (name: string, value: number) => html`<tr><th scope="row">${name}</th><td>${formatSeconds(value)}</td><td>${percent(value / (total || 1))}</td></tr>`;
  return html`<table class="figures"><caption>Time by stage</caption><thead><tr><th scope="col">stage</th><th scope="col">time</th><th scope="col">share</th></tr></thead>
<tbody>${Object.entries(stages).map(([name, value]) => row(stageNames[name] ?? spaced(name), value))}</tbody><tfoot><tr><th scope="row">in all</th><td>${formatSeconds(total)}</td><td></td></tr></tfoot></table>`;
}

const stageNames: Readonly<Record<string, string>> = {
  reading: "reading pictures and words",
  visualTokens: "learning visual tokens",
  evaluation: "naming and filling in, unseen style",
  search: "searching among all names",
  pixels: "pixels’ nearest neighbour",
  fromScratch: "training from scratch",
};

const formatSeconds = (value: number): string => (value < 10 ? `${value.toFixed(1)} s` : formatDuration(value));

/** What ran, on what. */
export function runTable(result: DemoResult, version: string | undefined): Html {
  const { device, deviceDescription, node, seed, parameters, vocabularySize, visualTokens, pictures, steps } = result;
  const rows: [string, Content][] = [
    ["device", `${device}: ${deviceDescription}`],
    ["software", `${version === undefined ? "" : `Multiway ${version}, `}Node ${node.replace(/^v/, "")}`],
    ["seed", String(seed)],
    ["model", `${grouped(parameters)} parameters, ${grouped(vocabularySize)} word pieces`],
    ["visual tokens", `${grouped(visualTokens.codes)}, of which ${grouped(visualTokens.used)} are in use`],
    ["pictures", `${grouped(pictures.training)} to learn from, ${grouped(pictures.unseen)} of a style kept unseen`],
    ["names", grouped(pictures.concepts)],
    ["steps", `${grouped(steps.pretraining)} of pretraining, ${grouped(steps.retrieval)} of retrieval${steps.fromScratch === undefined ? "" : `, ${grouped(steps.fromScratch)} from scratch`}`],
  ];
  return html`<table class="facts"><caption>The run</caption><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}
