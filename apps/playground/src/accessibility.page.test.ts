import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { afterAll, beforeAll, expect, test } from "vitest";
import { servePlayground, type Playground } from "./page.samples.ts";

let playground: Playground;
let axe: string;

beforeAll(async () => {
  playground = await servePlayground();
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
}, 120_000);
afterAll(async () => await playground[Symbol.asyncDispose]());

interface Violation {
  id: string;
  help: string;
  nodes: { html: string }[];
}

test.each(["look", "ask", "hide", "train", "teach"])("axe finds nothing in the room %s, on a phone in the dark and on a desk in the light", async (room) => {
  for (const [width, colorScheme] of [[400, "dark"], [1600, "light"]] as const) {
    await using opened = await playground.open(room, { width, colorScheme });
    const { page } = opened;
    await page.evaluate(axe);
    const violations = await page.evaluate(async () => (await (globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }).axe.run()).violations);
    expect(violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  }
}, 60_000);

test("every room can be used by keyboard alone", async () => {
  await using opened = await playground.open("look");
  const { page } = opened;
  const focused = () => page.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent}`);
  const tabTo = async (wanted: string): Promise<void> => {
    for (let key = 0; key < 200; key++) {
      await page.keyboard.press("Tab");
      if ((await focused()) === wanted) return;
    }
    throw new Error(`Tab never came to ${wanted}.`);
  };
  await tabTo("A Ask");
  await page.keyboard.press("Enter");
  await tabTo("BUTTON Ask");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.getByLabel("Answers, best first").getByRole("listitem").count(), { timeout: 10_000 }).toBeGreaterThan(0);
});

test("a photograph from the camera is a picture like any other", async () => {
  await using opened = await playground.open("look");
  const { page, complaints } = opened;
  const before = await page.locator(".grid img").first().getAttribute("src");
  await page.getByRole("button", { name: "Photograph…" }).click();
  await page.getByRole("button", { name: "Take it" }).click();
  await page.getByLabel("What the camera sees").waitFor({ state: "detached" });
  await expect.poll(() => page.locator(".grid img").first().getAttribute("src")).not.toBe(before);
  await expect.poll(() => page.getByLabel("Names, nearest first").getByRole("listitem").count(), { timeout: 10_000 }).toBe(6);
  expect(complaints).toEqual([]);
});
