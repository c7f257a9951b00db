import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { downloads, servePlayground, type Playground } from "../page.samples.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
let playground: Playground;
/** With the data as the room says that they are laid out. */
let folder: string;

beforeAll(async () => {
  playground = await servePlayground();
  folder = await mkdtemp(join(tmpdir(), "multiway-train-"));
  expect(await run("scripts/example-data/main.ts", ["emoji", "--to", join(folder, "emoji")])).toMatchObject({ code: 0 });
}, 180_000);
afterAll(async () => {
  await playground[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Runs a program of the repository; `stopWhen` says when it gets Ctrl-C. */
async function run(program: string, args: readonly string[], stopWhen?: () => Promise<boolean>): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ["--conditions=@multiway/source", "--import", "tsx", program, ...args], { cwd: root });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  // A second Ctrl-C would not let it save.
  const timer = stopWhen && setInterval(() => void stopWhen().then((isTime) => {
    if (!isTime || child.killed) return;
    child.kill("SIGINT");
  }), 500);
  const code = await ended;
  clearInterval(timer);
  return { code, output };
}

interface Line {
  step: number;
  metrics: { loss: number };
}

const linesOf = async (out: string): Promise<Line[]> => (await readFile(join(out, "log.jsonl"), "utf8").catch(() => "")).split("\n").slice(0, -1).map((line) => JSON.parse(line) as Line);

/** The first steps that the command line does, from nothing or from what lies in the out folder. */
async function stepsOfCommandLine(out: string, ...flags: string[]): Promise<Line[]> {
  const args = ["--data", join(folder, "emoji"), "--out", out, "--new", join(folder, "page/sizes.json"), "--codes", "64", "--batch", "4", "--steps", "1000", "--eval-every", "250", "--device", "wasm", ...flags];
  const { code, output } = await run("apps/cli/src/main.ts", ["pretrain", ...args], async () => (await linesOf(out)).length > 0);
  if (code !== 130) throw new Error(`it ended with ${code}:\n${output}`);
  return await linesOf(out);
}

const stepIn = async (page: Page): Promise<number> => Number(/step (\d+) of/i.exec(await page.getByRole("status").last().innerText())?.[1] ?? 0);
const lossIn = async (page: Page): Promise<[first: number, now: number]> => {
  const [, first, now] = /([\d.]+) at first, ([\d.]+) now/.exec((await page.getByRole("img", { name: /^The loss/ }).getAttribute("aria-label"))!)!;
  return [Number(first), Number(now)];
};

async function trainTo(page: Page, step: number): Promise<void> {
  await page.getByRole("button", { name: /^(Train|Go on)$/ }).click();
  await expect.poll(() => stepIn(page), { timeout: 240_000, interval: 200 }).toBeGreaterThanOrEqual(step);
}

/** @returns milliseconds until it stood still */
async function pause(page: Page): Promise<number> {
  const began = performance.now();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText(/^Paused after step/).waitFor({ timeout: 10_000 });
  return performance.now() - began;
}

test("on the CPU it learns as Node does, stops within a second, keeps the page free, and what is saved goes on in page and command line", async () => {
  await using opened = await playground.open("train");
  const { page, complaints } = opened;
  const saved = downloads(page);
  await page.getByRole("combobox", { name: /^Model/ }).selectOption("tiny");
  await page.evaluate(() => {
    const tasks: number[] = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    Object.assign(globalThis, { tasks });
  });
  await trainTo(page, 50);
  await page.mouse.wheel(0, 400);
  const pauses = [await pause(page)];
  await trainTo(page, (await stepIn(page)) + 2);
  pauses.push(await pause(page));
  // Other work may come between.
  expect(Math.min(...pauses)).toBeLessThan(1000);
  expect(await page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks)).toEqual([]);
  const step = await stepIn(page);
  const [first, now] = await lossIn(page);
  expect(now).toBeLessThan(first - 0.1);
  expect(await page.getByLabel("Pictures and names with something hidden").getByRole("listitem").count()).toBe(4);

  await page.getByRole("button", { name: "Save it" }).click();
  await expect.poll(() => [...saved.keys()].sort(), { timeout: 10_000 }).toEqual(["run.safetensors", "sizes.json"]);
  const bytes = saved.get("run.safetensors")!;
  const out = join(folder, "page");
  await mkdir(out);
  for (const [name, content] of saved) await writeFile(join(out, name), content);

  // The same step in Node
  const [firstLine] = await stepsOfCommandLine(join(folder, "fresh"));
  expect(first).toBe(Number(firstLine!.metrics.loss.toFixed(2)));

  // The command line looks into what was saved, and goes on
  const inspected = await run("apps/cli/src/main.ts", ["inspect", join(out, "run.safetensors")]);
  expect(inspected).toMatchObject({ code: 0, output: expect.stringContaining("visionHead") });
  const [next] = await stepsOfCommandLine(out, "--resume");
  expect(next!.step).toBe(step);
  expect(next!.metrics.loss).toBeLessThan(first);

  // Another visit takes it back, and goes on too
  await page.reload();
  await page.getByText(/Ready in/).waitFor();
  await page.locator('input[accept=".safetensors"]').setInputFiles({ name: "run.safetensors", mimeType: "application/octet-stream", buffer: Buffer.from(bytes) });
  await page.getByText(`Paused after step ${step} of 1000`).waitFor();
  await trainTo(page, step + 3);
  expect((await lossIn(page))[1]).toBeLessThan(first);
  await pause(page);
  expect(complaints).toEqual([]);
}, 300_000);

test("a file that is no saved run is refused with a remedy, and what was learnt stays", async () => {
  await using opened = await playground.open("train");
  const { page } = opened;
  for (const [name, buffer, message] of [
    ["notes.safetensors", Buffer.from("nothing of the kind"), /safetensors/],
    ["model.safetensors", await readFile(new URL("../../../../packages/model-mini/model/model.safetensors", import.meta.url)), /is no saved run; expected what a stopped run left/],
  ] as const) {
    await page.locator('input[accept=".safetensors"]').setInputFiles({ name, mimeType: "application/octet-stream", buffer });
    await expect.poll(() => page.getByRole("alert").allInnerTexts(), { timeout: 20_000 }).toContainEqual(expect.stringMatching(message));
  }
  await expect(page.getByRole("button", { name: "Train", exact: true }).isEnabled()).resolves.toBe(true);
}, 60_000);

test("on WebGPU it learns, too; when the device is killed the page says so, and training goes on from its last state on a new one", async () => {
  await using opened = await playground.open("train", { device: "webgpu" });
  const { page } = opened;
  await page.getByRole("combobox", { name: /^Model/ }).selectOption("tiny");
  // What fifty steps came to is saved behind them.
  await trainTo(page, 53);
  const [first, now] = await lossIn(page);
  expect(now).toBeLessThan(first - 0.1);
  // Ends the process that all pages have their GPU from.
  const session = await playground.browser.newBrowserCDPSession();
  await session.send("Browser.crashGpuProcess");
  await page.getByText(/^The device was lost\. Training goes on from step 50, on webgpu\.$/).waitFor({ timeout: 60_000 });
  const step = await stepIn(page);
  await expect.poll(() => stepIn(page), { timeout: 120_000 }).toBeGreaterThan(step + 2);
  expect((await lossIn(page))[1]).toBeLessThan(first);
}, 600_000);
