/** How far a piece of work is and how long it will take. */
export interface Progress {
  /** What is being done. */
  stage: string;
  /** Steps done. */
  step: number;
  steps: number;
  /** Items (pictures, texts) a second, over the last few seconds. */
  itemsPerSecond: number;
  elapsedSeconds: number;
  secondsLeft: number;
  /** The latest figures, by name: losses, accuracies, the learning rate. */
  metrics: Readonly<Record<string, number>>;
}

/** Measures a rate over a sliding window, so that a slow start does not spoil the estimate. */
export class RateMeter {
  readonly #marks: { time: number; items: number }[] = [];
  readonly #windowSeconds: number;

  constructor(windowSeconds = 10) {
    this.#windowSeconds = windowSeconds;
  }
  /** @param items all items so far @param time seconds */
  mark(items: number, time: number): void {
    this.#marks.push({ time, items });
    while (this.#marks.length > 2 && time - this.#marks[0]!.time > this.#windowSeconds) this.#marks.shift();
  }
  get perSecond(): number {
    const [first, last] = [this.#marks[0], this.#marks[this.#marks.length - 1]];
    return first && last && last.time > first.time ? (last.items - first.items) / (last.time - first.time) : 0;
  }
}
