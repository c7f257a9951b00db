import { DataError, formatList, formatValue } from "@multiway/errors";

/** Where a row stands, for messages. */
export interface RowPlace {
  file: string;
  /** From 1, the header counted. */
  line: number;
}

/** `train.csv, line 12` */
export const formatPlace = ({ file, line }: RowPlace): string => (line > 0 ? `${file}, line ${line}` : file);

/** A row of a table. Values of CSV are texts; those of JSON Lines are what the line holds. */
export class Row implements RowPlace {
  readonly file: string;
  readonly line: number;
  readonly values: Readonly<Record<string, unknown>>;

  constructor(file: string, line: number, values: Readonly<Record<string, unknown>>) {
    this.file = file;
    this.line = line;
    this.values = values;
  }

  /** Whether there is a value: not missing, not null, no empty text. */
  has(column: string): boolean {
    return Object.hasOwn(this.values, column) && this.values[column] != null && this.values[column] !== "";
  }

  /** @param remedy what to do about it, a sentence @returns an error that names the row */
  error(what: string, remedy: string): DataError {
    return new DataError(`readDataset: ${formatPlace(this)}: ${what}. ${remedy}`, { details: { file: this.file, line: this.line } });
  }

  /** A text that is not blank; numbers are written out. */
  text(column: string): string {
    const value = this.values[column];
    const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    if (typeof text === "string" && text.trim() !== "") return text.trim();
    throw this.error(`column ${JSON.stringify(column)} is ${value === undefined ? "missing" : formatValue(value)}; expected a text`, "Fill it in, or remove the row.");
  }

  /** A whole number from 0 on. */
  count(column: string): number {
    const value = this.values[column];
    const number = typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : value;
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) return number;
    throw this.error(`column ${JSON.stringify(column)} is ${value === undefined ? "missing" : formatValue(value)}; expected a whole number, 0 or more`, "Mend it, or remove the row.");
  }

  /** True or false, however it is written: true, yes, 1. */
  truth(column: string): boolean {
    const value = this.values[column];
    const word = typeof value === "string" ? value.trim().toLowerCase() : value;
    if (word === true || word === 1 || word === "true" || word === "1" || word === "yes") return true;
    if (word === false || word === 0 || word === "false" || word === "0" || word === "no") return false;
    throw this.error(`column ${JSON.stringify(column)} is ${value === undefined ? "missing" : formatValue(value)}; expected true or false`, "Mend it, or remove the row.");
  }

  /** Several texts: a list in JSON Lines; in CSV one text with `|` between them. */
  texts(column: string): string[] {
    const value = this.values[column];
    const list = Array.isArray(value) ? (value as unknown[]) : typeof value === "string" ? value.split("|").map((part) => part.trim()).filter(Boolean) : [];
    if (list.length > 0 && list.every((item): item is string => typeof item === "string" && item.trim() !== "")) return list.map((item) => item.trim());
    throw this.error(`column ${JSON.stringify(column)} is ${value === undefined ? "missing" : formatValue(value)}; expected one or more texts, with | between them in CSV and as a list in JSON Lines`, "Mend it, or remove the row.");
  }

  /** A list of numbers, as JSON Lines hold them. */
  numbers(column: string): number[] {
    const value = this.values[column];
    if (Array.isArray(value) && value.every((item): item is number => typeof item === "number" && Number.isFinite(item))) return value;
    throw this.error(`column ${JSON.stringify(column)} is ${value === undefined ? "missing" : formatValue(value)}; expected a list of numbers`, "Make the index anew, or remove the row.");
  }

  /** @throws DataError for a column that none of these is, and for one that is missing */
  checkColumns({ required, optional = [], ignored = [] }: { required: readonly string[]; optional?: readonly string[]; ignored?: readonly string[] }): void {
    const known = [...required, ...optional];
    const unknown = Object.keys(this.values).filter((column) => !known.includes(column) && !ignored.includes(column));
    if (unknown.length > 0) {
      throw this.error(`unknown ${unknown.length > 1 ? "columns" : "column"} ${formatList(unknown.map((column) => JSON.stringify(column)))}; expected ${formatList(known)}`, "Rename it, remove it, or name it among the columns to be ignored.");
    }
    const missing = required.filter((column) => !Object.hasOwn(this.values, column));
    if (missing.length > 0) throw this.error(`${missing.length > 1 ? "columns are" : "a column is"} missing: ${formatList(missing)}; expected ${formatList(known)}`, "Add it.");
  }
}
