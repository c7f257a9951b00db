import { readFile } from "node:fs/promises";
import { DataError } from "@multiway/errors";
import { AnswerList } from "@multiway/head-vqa";

/** Names from a file: a JSON list, answers as `answer2label.txt` has them, or a name in each line. */
export async function readNames(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8");
  if (/^\s*\{/.test(text)) return [...AnswerList.parse(text).answers];
  const names = /^\s*\[/.test(text) ? parseList(text, file) : text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  if (names.length === 0) throw new DataError(`${file}: it holds no names; expected one in each line, or a JSON list.`, { details: { file } });
  return names;
}

function parseList(text: string, file: string): string[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${file}: it begins as a JSON list and is none (${(cause as Error).message}). Mend it, or write a name in each line.`, { cause, details: { file } });
  }
  if (Array.isArray(list) && list.every((name) => typeof name === "string")) return list;
  throw new DataError(`${file}: it is a JSON list, but not of texts; expected ["one", "two"].`, { details: { file } });
}
