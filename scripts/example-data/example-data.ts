import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { OptionError } from "../../packages/errors/src/index.ts";
import type { Image } from "../../packages/images/src/index.ts";

/** What a set becomes: pictures by file name, drawn when they are written, and the examples of each part. A picture is named as `images/NAME`. */
export interface ExampleData {
  pictures: Map<string, () => Image>;
  splits: Record<"train" | "val", Record<string, string | number | boolean | readonly string[]>[]>;
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
