import { DataError, formatValue } from "@multiway/errors";
import { leaveOneOut } from "@multiway/metrics";

/** How many people answer each question of VQA v2, and so weigh in a target. */
const people = 10;

/** How right an answer is that so many of the ten people gave: 0.3 for one, 0.6 for two, 0.9 for three, 1 for more (microsoft/unilm: beit3/datasets.py). */
export const scoreOfCount = (count: number): number => leaveOneOut(Math.max(0, Math.min(count, people)), people);

/** The answers that a model chooses from, by number. */
export class AnswerList {
  readonly answers: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;

  /** @throws DataError for an answer that comes twice */
  constructor(answers: readonly string[]) {
    this.answers = [...answers];
    this.#numbers = new Map(answers.map((answer, number) => [answer, number]));
    if (this.#numbers.size !== answers.length) {
      const twice = answers.find((answer, number) => this.#numbers.get(answer) !== number)!;
      throw new DataError(`answers: ${JSON.stringify(twice)} comes twice in the list; expected each answer once.`);
    }
  }

  /**
   * Answers that were given at least `least` times, in the order in which they first came: what the released heads were made with, of normalised
   * answers of training and validation questions, with 9.
   */
  static fromCounts(given: Iterable<string>, { least = 9 }: { least?: number } = {}): AnswerList {
    const counts = new Map<string, number>();
    for (const answer of given) counts.set(answer, (counts.get(answer) ?? 0) + 1);
    return new AnswerList([...counts].flatMap(([answer, count]) => (count >= least ? [answer] : [])));
  }

  /**
   * Reads `answer2label.txt`: a line of JSON for each answer, `{"answer": "yes", "label": 3}`.
   *
   * @throws DataError with the line that is broken, and for numbers that are not 0, 1, 2, …
   */
  static parse(text: string): AnswerList {
    const answers: string[] = [];
    text.split("\n").forEach((line, index) => {
      if (line.trim() === "") return;
      const place = `answers: line ${index + 1}`;
      let entry: unknown;
      try {
        entry = JSON.parse(line);
      } catch (cause) {
        throw new DataError(`${place} is no JSON; expected {"answer": "yes", "label": 0}.`, { cause });
      }
      const { answer, label } = (entry ?? {}) as { answer?: unknown; label?: unknown };
      if (typeof answer !== "string" || typeof label !== "number" || !Number.isInteger(label) || label < 0) {
        throw new DataError(`${place} has answer ${formatValue(answer)} and label ${formatValue(label)}; expected a text and a whole number, 0 or more.`);
      }
      if (answers[label] !== undefined) throw new DataError(`${place} gives label ${label} to ${JSON.stringify(answer)}; ${JSON.stringify(answers[label])} has it already. Each label belongs to one answer.`);
      answers[label] = answer;
    });
    const missing = Array.from(answers, (answer, label) => (answer === undefined ? label : -1)).find((label) => label >= 0);
    if (missing !== undefined) throw new DataError(`answers: no line has label ${missing}, though there are higher ones; expected every number from 0 on.`);
    return new AnswerList(answers);
  }

  /** As {@link AnswerList.parse} reads it. */
  toString(): string {
    return this.answers.map((answer, label) => `${JSON.stringify({ answer, label })}\n`).join("");
  }

  get size(): number {
    return this.answers.length;
  }

  /** Undefined for an answer that is not in the list. */
  numberOf(answer: string): number | undefined {
    return this.#numbers.get(answer);
  }

  /**
   * The row of targets for what people answered: answers outside the list count nothing.
   *
   * @returns f32 [size]; undefined where nobody's answer is in the list: such a question teaches nothing, and the official code leaves it out
   */
  targetsOf(given: readonly string[]): Float32Array | undefined {
    const counts = new Map<number, number>();
    for (const answer of given) {
      const number = this.#numbers.get(answer);
      if (number !== undefined) counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    if (counts.size === 0) return undefined;
    const targets = new Float32Array(this.size);
    for (const [number, count] of counts) targets[number] = scoreOfCount(count);
    return targets;
  }
}
