import type { Progress } from "@multiway/training";
import { describe, expect, test } from "vitest";
import { formatDuration, formatFigure, formatRate, spaced } from "./format.ts";
import { progressLine } from "./progress-line.ts";
import { TerminalUi } from "./terminal-ui.ts";

const at = (step: number, changes: Partial<Progress> = {}): Progress => ({ stage: "pretraining", step, steps: 1100, itemsPerSecond: 604.2, elapsedSeconds: 134, secondsLeft: 125, metrics: { loss: 3.2712, learningRate: 1e-3 }, ...changes });

function screen({ isTTY, columns = 200 }: { isTTY: boolean; columns?: number }) {
  let [text, time] = ["", 0];
  const ui = new TerminalUi({ isTTY, columns, write: (part: string) => (text += part) }, { now: () => time });
  return { ui, pass: (ms: number) => (time += ms), text: () => text };
}

describe("progressLine", () => {
  test("says how far, how fast, how well and how long", () => {
    expect(progressLine(at(572))).toBe("pretraining  ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌   52 %  step 572 of 1,100  604 pictures/s  loss 3.271  2 min 05 s left  2 min 14 s so far");
    expect(progressLine(at(1100, { secondsLeft: 0 }))).toBe("pretraining  ━━━━━━━━━━━━━━━━━━━━  100 %  step 1,100 of 1,100  604 pictures/s  loss 3.271  2 min 14 s so far");
    expect(progressLine(at(0, { steps: 0, itemsPerSecond: 0, metrics: {} }))).toContain("100 %");
  });

  test("fits every width, and drops what matters least first", () => {
    for (let columns = 1; columns < 140; columns++) expect([...progressLine(at(572), columns)].length).toBeLessThanOrEqual(columns);
    expect(progressLine(at(572), 76)).toBe("pretraining  ━━━━╌╌╌╌   52 %  604 pictures/s  loss 3.271  2 min 05 s left");
    expect(progressLine(at(572), 36)).toBe("pretraining   52 %  loss 3.271");
  });
});

describe("TerminalUi", () => {
  test("a terminal redraws one line, and keeps the last of each stage", () => {
    const { ui, pass, text } = screen({ isTTY: true });
    ui.stage("Pretraining", "1100 steps");
    for (let step = 1; step <= 20; step++) {
      ui.progress(at(step));
      pass(20);
    }
    ui.note("half way");
    ui.progress(at(1100));
    ui.stage("Retrieval");
    ui.done();
    ui.note("never shown");
    expect(text().match(/\r/g)!.length).toBeLessThan(10);
    // What stays is what follows the last return on each line.
    const lines = text().split("\n").map((line) => line.slice(line.lastIndexOf("\u001b[2K") + 4));
    expect(text()).toContain("half way\n");
    expect(lines.some((line) => line.includes("step 1,100 of 1,100"))).toBe(true);
    expect(text().split("\n").length).toBe(5);
  });

  test("a narrow terminal is never overrun", () => {
    const { ui, text } = screen({ isTTY: true, columns: 24 });
    ui.progress(at(572));
    ui.done();
    for (const line of text().split(/[\r\n]/)) expect([...line.replace("\u001b[2K", "")].length).toBeLessThan(24);
  });

  test("elsewhere a line comes every few seconds and at the end, without control characters", () => {
    const { ui, pass, text } = screen({ isTTY: false });
    ui.stage("Pretraining");
    for (let step = 1; step <= 1100; step++) {
      pass(10);
      ui.progress(at(step));
    }
    ui.done();
    const lines = text().trimEnd().split("\n");
    expect(lines).toHaveLength(1 + 2 + 1);
    expect(lines.at(-1)).toContain("100 %");
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    expect(text()).not.toMatch(/[\r\u001b]/);
  });
});

test("figures read well", () => {
  expect([0, 59.6, 125, 3840, Infinity].map(formatDuration)).toEqual(["0 s", "1 min 00 s", "2 min 05 s", "1 h 04 min", "?"]);
  expect([0.512, 12.34, 1204.4].map(formatRate)).toEqual(["0.51", "12.3", "1,204"]);
  expect([3.2712, 0.00002, 0.0123, 120.5, 4, NaN].map(formatFigure)).toEqual(["3.271", "2.0e-5", "0.0123", "120.5", "4", "NaN"]);
  expect(spaced("pairImageLoss")).toBe("pair image loss");
});
