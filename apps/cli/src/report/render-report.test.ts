import { describe, expect, test } from "vitest";
import { runningMean, ticks } from "./chart.ts";
import { grouped, percent } from "./figures.ts";
import { escapeHtml, html } from "./html.ts";
import { findings } from "./notes.ts";
import { sampleNames, sampleReport } from "./report.samples.ts";
import { renderReport } from "./render-report.ts";

const input = sampleReport();
const report = await renderReport(input, { version: "9.8.7" });

/** Throws unless every element is closed in order and every attribute is quoted, which is more than HTML asks for. */
function checkWellFormed(markup: string): void {
  const open: string[] = [];
  const body = markup.replace("<!doctype html>", "").replace(/<style>[^<]*<\/style>/, "");
  const tag = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"<>]*")*)\s*(\/?)>/gi;
  expect(body.replace(tag, "").match(/.{0,40}[<>].{0,40}/)?.[0]).toBeUndefined();
  for (const [whole, closing, name, , empty] of body.matchAll(tag)) {
    if (closing) expect([whole, open.pop()]).toEqual([whole, name]);
    else if (!empty) open.push(name!);
  }
  expect(open).toEqual([]);
}

describe("renderReport", () => {
  test("is well-formed", () => checkWellFormed(report));

  test("asks for nothing outside", () => {
    for (const [, url] of report.matchAll(/(?:src|href)="([^"]*)"/g)) expect(url).toMatch(/^data:/);
    expect(report.replace(/data:image[^"]*/g, "").match(/https?:|@import|url\(|<script|<link rel="stylesheet/i)).toBeNull();
  });

  test("escapes names", () => {
    expect(sampleNames.filter((name) => !report.includes(escapeHtml(name)))).toEqual([]);
    expect(report.includes("<script>alert")).toBe(false);
  });

  test("shows every figure of the result", () => {
    const { result } = input;
    const shares = [result.naming, result.maskedPatches, ...[result.retrieval, result.fromScratch!, result.pixelNearestNeighbour].flatMap((ways) => [ways.imageToText, ways.textToImage]), result.chance]
      .flatMap((figures) => Object.entries(figures))
      .filter(([name]) => name !== "pieces" && name !== "patches")
      .map(([, share]) => percent(share));
    const counts = [result.parameters, result.vocabularySize, result.visualTokens.codes, result.visualTokens.used, ...Object.values(result.pictures), ...Object.values(result.steps), result.naming.pieces, result.maskedPatches.patches].map(grouped);
    const texts = [...shares, ...counts, result.deviceDescription, "20.19.0", "9.8.7", "9 min 47 s", "6 min 42 s", "2 min 51 s"];
    expect(texts.filter((text) => !report.includes(text))).toEqual([]);
  });

  test("gives every picture a text, or says that it is decoration", () => {
    for (const [image] of report.matchAll(/<img [^>]*>/g)) expect(image).toMatch(/ alt="/);
    for (const [svg] of report.matchAll(/<svg [^>]*>/g)) expect(svg).toMatch(/role="img" aria-label="[^"]+"|aria-hidden="true"/);
    for (const [table] of report.matchAll(/<table[^>]*>.{0,12}/gs)) expect(table).toContain("<caption");
  });

  test("leaves out what was not compared, and copes with the shortest run", async () => {
    const short = await renderReport(sampleReport({ compare: false, steps: 1 }));
    checkWellFormed(short);
    const text = short.replace(/data:image[^"]*/g, "");
    expect(text.match(/from scratch|NaN|undefined|Infinity/)).toBeNull();
    expect(text.includes("This was a short run")).toBe(true);
  });

  test("a concept that the unseen style does not draw is shown as its character", async () => {
    const sample = sampleReport();
    sample.pictures.delete(sample.names[3]!.id);
    const shown = await renderReport(sample);
    checkWellFormed(shown);
    expect(shown.includes(String.fromCodePoint(Number.parseInt(sample.names[3]!.id, 16)))).toBe(true);
  });
});

describe("findings", () => {
  test("say who won", () => {
    const { result } = input;
    expect(findings(result).join(" ")).toContain("Nearest neighbour on pixels wins at this size: 52.6\u00a0% against 39.3\u00a0%");
    expect(findings(result).join(" ")).toContain("Pretraining pays");
    const turned = { ...result, pixelNearestNeighbour: result.fromScratch!, fromScratch: result.pixelNearestNeighbour, naming: { ...result.naming, withoutPicture: 0.14 } };
    const text = findings(turned).join(" ");
    expect(text).toContain("The model finds more names than nearest neighbour on pixels");
    expect(text).toContain("Pretraining did not pay");
    expect(text).toContain("hardly filled in better");
  });
});

describe("html", () => {
  test("escapes text in text and attributes, and takes markup as it is", () => {
    expect(html`<p title="${`"&'`}">${"<b>"}${html`<i>${1}</i>`}${[null, undefined, false, "x"]}</p>`.markup).toBe("<p title=\"&quot;&amp;&#39;\">&lt;b&gt;<i>1</i>x</p>");
    expect(escapeHtml("a\u0000b")).toBe("a\ufffdb");
  });
});

describe("charts", () => {
  test("ticks are round and enclose the values", () => {
    expect(ticks(0, 1099, 6)).toEqual([0, 200, 400, 600, 800, 1000, 1200]);
    expect(ticks(3.05, 5.9, 5)).toEqual([3, 4, 5, 6]);
    expect(ticks(0.5, 0.5, 5).length).toBeGreaterThan(1);
  });
  test("a running mean keeps the length and what is constant", () => {
    expect(runningMean([2, 2, 2, 2], 2)).toEqual([2, 2, 2, 2]);
    expect(runningMean([0, 3, 6, 9], 1)).toEqual([0, 3, 6, 7.5]);
    expect(runningMean([], 3)).toEqual([]);
  });
});
