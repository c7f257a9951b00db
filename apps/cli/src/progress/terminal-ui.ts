import type { Progress } from "@multiway/training";
import { progressLine } from "./progress-line.ts";
import type { Ui } from "./ui.ts";

/** What a `Ui` writes to; `process.stderr` is one. */
export interface TextSink {
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
  write(text: string): unknown;
}

export interface TerminalUiOptions {
  /** Milliseconds between two drawings of the line on a terminal. Default 100. */
  redrawMs?: number;
  /** Milliseconds between two lines elsewhere. Default 5000. */
  lineMs?: number;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

/** On a terminal: a line for each stage that is drawn anew as the stage goes on. Elsewhere, in files and pipes: a line every few seconds, and one at the end of each stage. */
export class TerminalUi implements Ui {
  readonly #sink: TextSink;
  readonly #isTerminal: boolean;
  readonly #intervalMs: number;
  readonly #now: () => number;
  /** Of the stage that is under way. */
  #latest: Progress | undefined;
  #hasOpenLine = false;
  #drawnAt = -Infinity;
  #drawn: Progress | undefined;
  #isOver = false;

  constructor(sink: TextSink, { redrawMs = 100, lineMs = 5000, now = () => performance.now() }: TerminalUiOptions = {}) {
    this.#sink = sink;
    this.#isTerminal = sink.isTTY === true;
    this.#intervalMs = this.#isTerminal ? redrawMs : lineMs;
    this.#now = now;
  }

  stage(name: string, detail?: string): void {
    if (this.#isOver) return;
    this.#finishStage();
    this.#print(`${this.#isTerminal ? bold(name) : name}${detail ? `: ${detail}` : ""}`);
    // The first line elsewhere comes when there is something to say.
    this.#drawnAt = this.#isTerminal ? -Infinity : this.#now();
  }

  progress(progress: Progress): void {
    if (this.#isOver) return;
    if (this.#latest && this.#latest.stage !== progress.stage) this.#finishStage();
    this.#latest = progress;
    if (progress.step >= progress.steps || this.#now() - this.#drawnAt >= this.#intervalMs) this.#draw();
  }

  note(text: string): void {
    if (this.#isOver) return;
    // What is complete stays above what is said about it.
    if (this.#latest && this.#latest.step >= this.#latest.steps) this.#finishStage();
    this.#print(text);
    if (this.#isTerminal && this.#latest) this.#draw();
  }

  done(): void {
    if (this.#isOver) return;
    this.#finishStage();
    this.#isOver = true;
  }

  #finishStage(): void {
    if (this.#latest && this.#drawn !== this.#latest) this.#draw();
    if (this.#hasOpenLine) this.#sink.write("\n");
    this.#hasOpenLine = false;
    this.#latest = undefined;
    this.#drawn = undefined;
  }

  #draw(): void {
    const progress = this.#latest!;
    this.#drawn = progress;
    this.#drawnAt = this.#now();
    if (this.#isTerminal) {
      // One column is left free: a full line wraps, and then can't be drawn over.
      this.#sink.write(`\r${eraseLine}  ${progressLine(progress, Math.max(1, (this.#sink.columns ?? 80) - 3))}`);
      this.#hasOpenLine = true;
    } else this.#sink.write(`  ${progressLine(progress)}\n`);
  }

  #print(text: string): void {
    this.#sink.write(`${this.#hasOpenLine ? `\r${eraseLine}` : ""}${text}\n`);
    this.#hasOpenLine = false;
  }
}

const eraseLine = "\u001b[2K";
const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`;
