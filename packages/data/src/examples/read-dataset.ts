import { DataError, formatList } from "@multiway/errors";
import type { DataFolder } from "../folders/data-folder.ts";
import { readTable } from "../tables/read-table.ts";
import type { ClassificationExample, DatasetTask, ExampleOf } from "./example.ts";
import { expectedFiles, findSplit, findWhole, type Split, type SplitFiles } from "./find-files.ts";
import { readRows, type FindPicture } from "./row-readers.ts";

export interface ReadDatasetOptions {
  split: Split;
  /** Columns that may be there and mean nothing. */
  ignoreColumns?: readonly string[];
}

const isPicture = (path: string): boolean => /\.(png|jpe?g|webp|gif|avif)$/i.test(path);

/**
 * Reads the examples of a task: from `train.csv`, `train.tsv` or `train.jsonl` (validation and test likewise), from the official index files, or, for classification, from one folder per class. Pictures are named
 * relative to the folder, or to `images` in it; that they are there is checked here, what is in them when they are decoded.
 *
 * @returns undefined when the folder has no such split
 * @throws DataError naming file, line and remedy: a missing picture, an unknown or missing column, an empty value, a class folder without pictures
 */
export async function readDataset<T extends DatasetTask>(task: T, folder: DataFolder, { split, ignoreColumns = [] }: ReadDatasetOptions): Promise<ExampleOf[T][] | undefined> {
  const files = findSplit(folder, task, split);
  return files && (await readFiles(task, folder, files, ignoreColumns));
}

/**
 * Reads data that nobody has split: `data.csv`, `data.tsv`, `data.jsonl`, or folders of classes in the folder itself.
 *
 * @returns undefined when there are none
 */
export async function readWhole<T extends DatasetTask>(task: T, folder: DataFolder, { ignoreColumns = [] }: Pick<ReadDatasetOptions, "ignoreColumns"> = {}): Promise<ExampleOf[T][] | undefined> {
  const files = findWhole(folder, task);
  return files && (await readFiles(task, folder, files, ignoreColumns));
}

/** The error for a folder that lacks what a task needs. */
export function missingSplit(task: DatasetTask, folder: DataFolder, split: Split): DataError {
  const found = folder.paths.length === 0 ? `there are no files in ${folder.name}` : `${folder.name} has no ${split} examples for ${task}, and begins with ${formatList(folder.paths.slice(0, 4))}`;
  return new DataError(`readDataset: ${found}; expected ${expectedFiles(task, split)}. Check the path, and see the guide to fine-tuning for the layout.`, { details: { folder: folder.name, task, split } });
}

async function readFiles<T extends DatasetTask>(task: T, folder: DataFolder, { tables, classFolders }: SplitFiles, ignored: readonly string[]): Promise<ExampleOf[T][]> {
  if (classFolders !== undefined) return readClassFolders(folder, classFolders) as ExampleOf[T][];
  const there = new Set(folder.paths);
  const picture: FindPicture = (row, column) => {
    const path = row.text(column).replaceAll("\\", "/").replace(/^(\.\/)+/, "");
    const found = [path, `images/${path}`].find((candidate) => there.has(candidate));
    if (found !== undefined) return found;
    throw row.error(`column ${JSON.stringify(column)} names ${JSON.stringify(path)}, which is not in ${folder.name}`, "Pictures are named relative to the data folder, or to images in it; put it there, or remove the row.");
  };
  const examples: ExampleOf[T][][] = [];
  for (const table of tables) examples.push(readRows(task, await readTable(folder, table), picture, ignored));
  // A call with an argument for each row would be too large for a stack: VQA v2 has 444,000.
  return examples.flat();
}

function readClassFolders(folder: DataFolder, root: string): ClassificationExample[] {
  const before = root === "" ? "" : `${root}/`;
  const examples = folder.paths.flatMap((path): ClassificationExample[] => {
    const parts = path.startsWith(before) ? path.slice(before.length).split("/") : [];
    return parts.length > 1 && isPicture(path) ? [{ file: path, line: 0, image: path, label: parts[0]! }] : [];
  });
  const filled = new Set(examples.map(({ label }) => label));
  const folders = folder.folders.filter((path) => path.startsWith(before)).map((path) => path.slice(before.length));
  const empty = folders.filter((path) => !path.includes("/") && !filled.has(path));
  if (empty.length > 0) throw new DataError(`readDataset: ${empty.length > 1 ? "folders" : "folder"} ${formatList(empty.map((name) => before + name))} of ${folder.name} ${empty.length > 1 ? "have" : "has"} no pictures (.png, .jpg, .webp, .gif, .avif); expected at least one in each class. Add some, or remove the folder.`);
  if (examples.length === 0) throw new DataError(`readDataset: ${folder.name} has no pictures in ${before || "folders"}; expected one folder per class. Check the path.`);
  return examples;
}
