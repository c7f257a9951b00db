import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { loadBeit3, type Beit3 } from "@multiway/beit3";
import { openDevice, type Device } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import type { Locator } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { downloads, sample, servePlayground, type OpenOptions, type Playground } from "./page.samples.ts";

let playground: Playground;
let node: Device;
/** What Node computes. */
let model: Beit3;

beforeAll(async () => {
  playground = await servePlayground();
  node = await openDevice(wasm());
  model = await loadBeit3("mini", { device: node });
}, 120_000);
afterAll(async () => {
  await node.close();
  await playground[Symbol.asyncDispose]();
});

const open = (room: string, options?: OpenOptions) => playground.open(room, options);

type Shares = readonly { name: string | undefined; share: number }[];

// A GPU adds up in another order, and the one of the tests takes its time.
describe.each([
  { name: "wasm", timeout: 10_000, percent: (share: number): unknown => Number((100 * share).toFixed(1)), steps: 60, fallsTo: 0.7 },
  { name: "webgpu", timeout: 90_000, percent: (share: number): unknown => expect.closeTo(100 * share, 0), steps: 3, fallsTo: 1 },
] as const)("on $name the page shows what Node computes", ({ name: device, timeout, percent, steps, fallsTo }) => {
  /** Names with shares in percent. */
  async function expectShares(list: Locator, expected: Shares): Promise<void> {
    const shown = async () => (await list.getByRole("listitem").allInnerTexts()).map((text) => {
      const [, name, share] = /^(.*)\n([\d.]+) %$/.exec(text) ?? [];
      return { name, share: Number(share) };
    });
    await expect.poll(shown, { timeout }).toEqual(expected.map(({ name, share }) => ({ name, share: percent(share) })));
  }

  test("Look: names of a picture, nearest first", async () => {
    await using opened = await open("look", { device });
    const { page, complaints } = opened;
    const names = (await page.getByLabel("Names, one in each line").inputValue()).split("\n");
    const expected = await model.zeroShot.classify(await sample("dog-face.png"), names);
    await expectShares(page.getByLabel("Names, nearest first"), expected.slice(0, 6).map(({ name, probability }) => ({ name, share: probability })));
    expect(complaints).toEqual([]);
  }, 2 * timeout);

  test("Ask: an answer, a caption, a judgement and a search", async () => {
    await using opened = await open("ask", { device });
    const { page, complaints } = opened;
    const question = await page.getByLabel("A question about it").inputValue();
    await page.getByRole("button", { name: "Ask" }).click();
    const { best } = await model.vqa.answer(await sample("boxes-1-a.png"), question);
    await expectShares(page.getByLabel("Answers, best first"), best.map(({ answer, score }) => ({ name: answer, share: score })));

    await page.getByRole("button", { name: "pizza" }).click();
    await page.getByRole("button", { name: "Describe it" }).click();
    const { text } = await model.captioner.generate(await sample("pizza.png"));
    await expect.poll(() => page.locator(".caption").innerText(), { timeout }).toBe(text);

    await page.getByRole("button", { name: "Judge" }).click();
    const { isTrue, probability } = await model.reasoner.judge(await sample("boxes-1-a.png"), await sample("boxes-1-b.png"), await page.getByLabel("A sentence about them").inputValue());
    await page.getByText(`${isTrue ? "True" : "False"}: ${(100 * Math.max(probability, 1 - probability)).toFixed(0)} % sure.`).waitFor({ timeout });

    await page.getByRole("button", { name: "Search" }).click();
    await expect.poll(() => page.getByLabel("Found, best first").getByRole("listitem").count(), { timeout }).toBe(6);
    expect(complaints).toEqual([]);
  }, 4 * timeout);

  test("Hide: guesses for a hidden word, with the picture and without", async () => {
    await using opened = await open("hide", { device });
    const { page, complaints } = opened;
    await page.getByLabel("Words: choose those to hide").getByRole("button", { name: "dog" }).click();
    const tokenizer = model.tokenizer!;
    const ids = Int32Array.from([...tokenizer.tokenize("dog").map(() => tokenizer.maskId), ...tokenizer.tokenize("face")]);
    for (const [name, options] of [["with", { picture: await sample("dog-face.png") }], ["without", {}]] as const) {
      const [expected] = await model.filler.words(ids, options);
      await expectShares(page.getByLabel(`Guesses for word 1 ${name} the picture`), expected!.best.map(({ text, probability }) => ({ name: text || "(no word)", share: probability })));
    }
    await page.getByText(/hidden patches have the visual token/).waitFor({ timeout });
    expect(complaints).toEqual([]);
  }, 4 * timeout);

  test("Teach: a head learns in the page, tells a new picture, and its files do the same in Node", async () => {
    await using opened = await open("teach", { device });
    const { page, complaints } = opened;
    await page.getByLabel("Pictures of alive").getByRole("button").first().waitFor();
    await page.getByLabel("Steps").fill(String(steps));
    await page.getByRole("button", { name: "Teach", exact: true }).click();
    await page.getByText(/Learnt in \d+ s/).waitFor({ timeout: 6 * timeout });
    const [, first, last] = /([\d.]+) at first, ([\d.]+) now/.exec((await page.getByRole("img", { name: /^The loss/ }).getAttribute("aria-label"))!)!;
    expect(Number(last)).toBeLessThan(fallsTo * Number(first));
    if (device === "wasm") await page.getByText(/100 % of its pictures are right/).waitFor();

    await page.getByRole("button", { name: "umbrella" }).click();
    const saved = downloads(page);
    await page.getByRole("button", { name: /^Save its/ }).click();
    await expect.poll(() => [...saved.keys()].sort(), { timeout: 10_000 }).toEqual(["model.json", "model.safetensors"]);
    using taught = await loadBeit3(Object.fromEntries(saved), { device: node });
    const expected = await taught.classifier.classify(await sample("umbrella.png"));
    await expectShares(page.getByLabel("Classes, likeliest first"), expected.map(({ name, probability }) => ({ name, share: probability })));
    expect(complaints).toEqual([]);
  }, 9 * timeout);
});

test("scripts that come before the first answer are small", async () => {
  await using opened = await open("ask");
  const { page, scripts } = opened;
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByLabel("Answers, best first").waitFor();
  expect(scripts.size).toBeGreaterThan(3);
  const sizes = await Promise.all([...scripts].map(async (file) => gzipSync(await readFile(file)).length));
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(200_000);
});

test("after the first visit it works without a network", async () => {
  const context = await playground.browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${playground.address}?device=wasm#look`);
    await page.getByText(/Ready in/).waitFor({ timeout: 30_000 });
    await page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await context.setOffline(true);
    await page.reload();
    await page.getByText(/Ready in/).waitFor({ timeout: 30_000 });
    await expect.poll(() => page.getByLabel("Names, nearest first").getByRole("listitem").count(), { timeout: 10_000 }).toBe(6);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  } finally {
    await context.close();
  }
}, 60_000);

test("no room is wider than a phone or a desk, in light or dark", async () => {
  for (const room of ["look", "ask", "hide", "train", "teach"]) {
    for (const [width, colorScheme] of [[400, "dark"], [1600, "light"]] as const) {
      await using opened = await open(room, { width, colorScheme });
      expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
  }
}, 60_000);

test("a picture that is none is refused with a remedy, and nothing else is touched", async () => {
  await using opened = await open("look");
  const { page } = opened;
  await page.locator('input[accept="image/*"]').setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") });
  await page.getByRole("alert").filter({ hasText: "notes.txt is no picture (text/plain). Choose a PNG, JPEG, WebP, GIF or AVIF file." }).waitFor();
  await page.locator('input[accept="image/*"]').setInputFiles({ name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await expect.poll(() => page.getByRole("alert").allInnerTexts(), { timeout: 10_000 }).toContainEqual(expect.stringMatching(/broken\.png: the file begins with/));
  await page.getByRole("button", { name: "pizza" }).click();
  await expect.poll(() => page.getByRole("alert").count(), { timeout: 10_000 }).toBe(0);
});

test("a hostile checkpoint is refused with a sentence, and the model before stays", async () => {
  await using opened = await open("look");
  const { page } = opened;
  await page.getByText("Another model").click();
  await page.locator("input[multiple]").setInputFiles({ name: "evil.pth", mimeType: "application/octet-stream", buffer: Buffer.from("\x80\x02cos\nsystem\nU\x04echo\x85R.") });
  await expect.poll(() => page.getByRole("alert").allInnerTexts(), { timeout: 10_000 }).toContainEqual(expect.stringContaining("evil.pth"));
  await page.getByRole("button", { name: "pizza" }).click();
  await expect.poll(() => page.getByLabel("Names, nearest first").getByRole("listitem").count(), { timeout: 10_000 }).toBe(6);
});

test("from a cold start the first answer takes three seconds at most", async () => {
  const seconds: number[] = [];
  for (let visit = 0; visit < 3; visit++) {
    const began = performance.now();
    await using opened = await open("ask");
    await opened.page.getByRole("button", { name: "Ask", exact: true }).click();
    await opened.page.getByLabel("Answers, best first").getByRole("listitem").first().waitFor();
    seconds.push((performance.now() - began) / 1000);
  }
  // Other work may come between.
  expect(Math.min(...seconds)).toBeLessThan(3);
});
