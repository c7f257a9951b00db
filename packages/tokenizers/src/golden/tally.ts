/** One compared result. */
export interface GoldenResult {
  name: string;
  passed: boolean;
  /** Largest error over its tolerance; 0 when exact values agree, Infinity when they do not. */
  worst: number;
  /** The text of that error with what was expected and found; empty when nothing differs. */
  where: string;
}

/** Gathers the comparisons of one kind: how many there were, and the worst. */
export class Tally {
  #worst = 0;
  #where = "";
  #count = 0;

  /** Equal as JSON, or wrong. */
  exact(place: string, expected: unknown, actual: unknown): void {
    this.#count++;
    const [want, got] = [JSON.stringify(expected), JSON.stringify(actual)];
    if (want !== got) this.#note(Number.POSITIVE_INFINITY, place, want, got);
  }

  /** Within `tolerance`; a NaN is wrong. */
  close(place: string, expected: number, actual: number, tolerance: number): void {
    this.#count++;
    const error = expected === actual ? 0 : Math.abs(expected - actual) / tolerance;
    this.#note(Number.isNaN(error) ? Number.POSITIVE_INFINITY : error, place, String(expected), String(actual));
  }

  /** @returns undefined when nothing was compared */
  result(name: string): GoldenResult | undefined {
    if (this.#count === 0) return undefined;
    return { name: `${name} (${this.#count})`, passed: this.#worst <= 1, worst: this.#worst, where: this.#where };
  }

  #note(error: number, place: string, expected: string, actual: string): void {
    if (error <= this.#worst) return;
    this.#worst = error;
    this.#where = `${JSON.stringify(place.slice(0, 60))}: expected ${expected.slice(0, 200)}, got ${actual.slice(0, 200)}`;
  }
}
