import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { OptionError } from "../../packages/errors/src/index.ts";
import type { Image } from "../../packages/images/src/index.ts";

export type ExampleRow = Record<string, string | number | boolean | readonly string[]>;

/** What a set becomes: pictures by file name, drawn when they are written, and tables by name. Rows name a picture as `images/NAME`. */
export interface ExampleData<Table extends string = "train" | "val"> {
  pictures: Map<string, () => Image | Promise<Image>>;
  tables: Record<Table, ExampleRow[]>;
}

export const pictureOf = (name: string): string => `images/${name}`;

export function folderOf(set: string, from: string | undefined): string {
  if (from === undefined) throw new OptionError(`example-data: ${set} needs --from, the folder that it is read from.`);
  return from;
}

export async function readJsonLines<T>(...path: string[]): Promise<T[]> {
  const text = await readFile(join(...path), "utf8");
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as T);
}
