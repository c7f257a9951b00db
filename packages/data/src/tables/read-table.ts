import { DataError, formatValue } from "@multiway/errors";
import type { DataFolder } from "../folders/data-folder.ts";
import { Row } from "./row.ts";

/** What names of tables end in. */
export const tableExtensions = ["csv", "tsv", "jsonl"] as const;

/**
 * Reads a table: CSV or TSV with a header line (RFC 4180: quotes, line breaks inside them, UTF-8 with or without a mark), or JSON Lines.
 *
 * @throws DataError naming file and line: no rows, a broken line, a row with more or fewer values than the header
 */
export async function readTable(folder: DataFolder, path: string): Promise<Row[]> {
  const bytes = await folder.read(path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DataError(`readDataset: ${path} of ${folder.name} is no UTF-8 text; expected a table. Save it as UTF-8.`, { cause, details: { file: path } });
  }
  const rows = path.endsWith(".jsonl") ? readJsonLines(path, text) : await readCsv(path, text, path.endsWith(".tsv") ? "\t" : ",");
  if (rows.length === 0) throw new DataError(`readDataset: ${path} of ${folder.name} has no rows; expected at least one example. Fill it, or remove the file.`, { details: { file: path } });
  return rows;
}

function readJsonLines(file: string, text: string): Row[] {
  return text.split("\n").flatMap((content, index) => {
    if (content.trim() === "") return [];
    const fail = (cause?: unknown) =>
      new DataError(`readDataset: ${file}, line ${index + 1}: the line is ${formatValue(content)}; expected an object of JSON, {"image": …}. Mend it, or remove it.`, { cause, details: { file, line: index + 1 } });
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (cause) {
      throw fail(cause);
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw fail();
    return [new Row(file, index + 1, value as Record<string, unknown>)];
  });
}

async function readCsv(file: string, text: string, delimiter: string): Promise<Row[]> {
  const { parse } = await import("csv-parse/browser/esm/sync");
  const fail = (line: number, what: string, cause?: unknown) => new DataError(`readDataset: ${file}, line ${line}: ${what}`, { cause, details: { file, line } });
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, { bom: true, delimiter, info: true, relaxColumnCount: true, skipEmptyLines: true }) as unknown as typeof records;
  } catch (cause) {
    const { message, lines } = cause as { message: string; lines?: number };
    throw fail(lines ?? 1, `${message.replace(/\.?$/, ".")} Expected values with commas between them, and quotes around those that hold commas, quotes (doubled) or line breaks.`, cause);
  }
  const [head, ...body] = records;
  if (!head) return [];
  const columns = head.record.map((name) => name.trim());
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) throw fail(1, `column ${JSON.stringify(twice)} comes twice; expected each name once. Rename one.`);
  return body.map(({ record, info }) => {
    if (record.length !== columns.length) throw fail(info.lines, `${record.length} values; expected ${columns.length}, one for each column of the first line (${columns.join(", ")}). Put quotes around values that hold commas.`);
    return new Row(file, info.lines, Object.fromEntries(columns.map((name, index) => [name, record[index]!])));
  });
}
