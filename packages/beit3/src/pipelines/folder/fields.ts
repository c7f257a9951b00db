import { CheckpointError, formatList, formatValue } from "@multiway/errors";

/** The fields of a record that somebody else wrote, each checked when it is asked for. */
export class Fields {
  readonly #file: string;
  readonly #record: Readonly<Record<string, unknown>>;
  readonly #path: string;

  /** @param file what messages call it */
  constructor(file: string, value: unknown, path = "") {
    this.#file = file;
    this.#path = path;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.#error(path === "" ? "it" : quoted(path), value, "a record");
    this.#record = value as Readonly<Record<string, unknown>>;
  }

  has(name: string): boolean {
    return this.#record[name] !== undefined;
  }

  record(name: string): Fields {
    return new Fields(this.#file, this.#record[name], this.#place(name));
  }

  wholeNumber(name: string, { least = 1, most = 2 ** 31 - 1, byDefault }: { least?: number; most?: number; byDefault?: number } = {}): number {
    const value = this.#record[name] ?? byDefault;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw this.misfit(name, `a whole number from ${least}${most < 2 ** 31 - 1 ? ` to ${most}` : " on"}`);
  }

  flag(name: string, byDefault: boolean): boolean {
    const value = this.#record[name] ?? byDefault;
    if (typeof value === "boolean") return value;
    throw this.misfit(name, "true or false");
  }

  choice<C extends string | number>(name: string, choices: readonly C[], byDefault?: C): C {
    const value = this.#record[name] ?? byDefault;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.misfit(name, choices.map((choice) => JSON.stringify(choice)).join(", "));
  }

  /** The name of a file beside this one. */
  fileName(name: string, byDefault?: string): string {
    const value = this.#record[name] ?? byDefault;
    // A folder that was downloaded may not lead out of itself.
    if (typeof value === "string" && /^[^/\\:]+$/.test(value) && !/^\.+$/.test(value)) return value;
    throw this.misfit(name, "the name of a file in the same folder");
  }

  /** Texts, at least one, all different. */
  texts(name: string): string[] {
    const value = this.#record[name];
    if (!Array.isArray(value) || value.length === 0 || !value.every((text) => typeof text === "string")) throw this.misfit(name, "a list of texts");
    if (new Set(value).size === value.length) return value as string[];
    const twice = value.find((text, index) => value.indexOf(text) !== index) as string;
    throw this.#error(quoted(this.#place(name)), value, `each text once; ${JSON.stringify(twice)} comes twice`);
  }

  /** Three numbers, for red, green and blue. */
  triple(name: string, byDefault: readonly [number, number, number], isAccepted: (value: number) => boolean, expected: string): [number, number, number] {
    const value = this.#record[name] ?? byDefault;
    if (Array.isArray(value) && value.length === 3 && value.every((part) => typeof part === "number" && Number.isFinite(part) && isAccepted(part))) return value as [number, number, number];
    throw this.misfit(name, expected);
  }

  /** The error for a field that does not hold what it should. */
  misfit(name: string, expected: string): CheckpointError {
    const value = this.#record[name];
    if (value === undefined) return this.#failure(`${quoted(this.#place(name))} is missing among ${formatList(Object.keys(this.#record))}; expected ${expected}`, { field: this.#place(name) });
    return this.#error(quoted(this.#place(name)), value, expected);
  }

  #place(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  #error(what: string, value: unknown, expected: string): CheckpointError {
    return this.#failure(`${what} is ${formatValue(value)}; expected ${expected}`, { field: what.replaceAll('"', ""), value });
  }

  #failure(problem: string, details: Record<string, unknown>): CheckpointError {
    return new CheckpointError(`openModelFolder: ${JSON.stringify(this.#file)}: ${problem}. Mend the field, or write the folder anew with writeModelFolder.`, { details: { file: this.#file, ...details } });
  }
}

const quoted = (path: string): string => JSON.stringify(path);
