import { open, readFile, type FileHandle } from "node:fs/promises";
import { DataError, formatValue } from "@multiway/errors";
import { writeAtomic } from "../files/write-atomic.ts";

/** One step, as a line of the log. */
export interface LogRecord {
  stage: string;
  step: number;
  learningRate: number;
  metrics: Record<string, number>;
  /** Since the stage began; the time before a run was stopped counts, the time until it was resumed does not. */
  seconds: number;
}

/**
 * A log of JSON lines, one for each step.
 *
 * Lines are collected and appended a few at a time; a line that was cut short when a run ended is dropped by the next, which then goes on behind it.
 */
export class TrainingLog {
  readonly file: string;
  /** What stands in the log, that of earlier runs included. */
  readonly records: LogRecord[];
  readonly #handle: FileHandle;
  #unwritten: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;

  private constructor(file: string, records: LogRecord[], handle: FileHandle) {
    this.file = file;
    this.records = records;
    this.#handle = handle;
  }

  /**
   * Opens a log to append to it.
   *
   * @param keep  which records of an earlier run stay, for a run that goes on; those of steps that will be done again must not. Default: none, a new log
   * @throws DataError when a line before the last is damaged; the system's error when the file cannot be written
   */
  static async open(file: string, keep?: (record: LogRecord) => boolean): Promise<TrainingLog> {
    const records = keep ? (await readLog(file)).filter(keep) : [];
    await writeAtomic(file, records.map(line).join(""));
    return new TrainingLog(file, records, await open(file, "a"));
  }

  /** Adds a record; it reaches the disk soon, at the latest with `flush`. */
  write(record: LogRecord): void {
    this.records.push(record);
    this.#unwritten.push(line(record));
    if (this.#unwritten.length >= linesAtOnce) this.#append();
  }

  /** Waits until all is written. @throws what went wrong in writing since */
  async flush(): Promise<void> {
    this.#append();
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Writes what is left and closes the file. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#handle.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #append(): void {
    if (this.#unwritten.length === 0) return;
    const text = this.#unwritten.join("");
    this.#unwritten = [];
    this.#writing = this.#writing.then(async () => {
      // After a failure the file may end in the middle of a line, and nothing may follow.
      if (this.#failure !== undefined) return;
      try {
        await this.#handle.appendFile(text);
      } catch (error) {
        this.#failure = Object.assign(error as Error, { path: this.file });
      }
    });
  }
}

/**
 * The records of a log. A last line that was cut short is left out; a file that isn't there has none.
 *
 * @throws DataError naming the line when another one is damaged
 */
export async function readLog(file: string): Promise<LogRecord[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw error;
  }
  const lines = text.split("\n");
  // What follows the last line break: nothing, or the beginning of a line.
  lines.pop();
  return lines.map((content, index) => {
    let record: unknown;
    try {
      record = JSON.parse(content);
    } catch {
      record = undefined;
    }
    if (isRecord(record)) return record;
    throw new DataError(`readLog: ${file}: line ${index + 1} is ${formatValue(content)}; expected a record of one step. Restore the file, or begin anew without --resume.`, {
      details: { file, line: index + 1 },
    });
  });
}

const linesAtOnce = 16;
const line = (record: LogRecord): string => `${JSON.stringify(record)}\n`;

function isRecord(value: unknown): value is LogRecord {
  if (typeof value !== "object" || value === null) return false;
  const { stage, step, metrics } = value as Partial<LogRecord>;
  return typeof stage === "string" && Number.isInteger(step) && typeof metrics === "object" && metrics !== null;
}
