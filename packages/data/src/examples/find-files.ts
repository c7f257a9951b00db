import type { DataFolder } from "../folders/data-folder.ts";
import { tableExtensions } from "../tables/read-table.ts";
import type { DatasetTask } from "./example.ts";

export type Split = "train" | "validation" | "test";
export const splits = ["train", "validation", "test"] as const satisfies readonly Split[];

/** Names that people give to splits. */
const names: Readonly<Record<Split, readonly string[]>> = {
  train: ["train", "training"],
  validation: ["validation", "val", "valid", "dev"],
  test: ["test"],
};

/** Official index files, without `.jsonl`: the first name of a list that is there, and all further lists' likewise (microsoft/unilm: beit3/datasets.py). */
const official: { readonly [T in DatasetTask]: Readonly<Record<Split, readonly (readonly string[])[]>> } = {
  classification: { train: [["imagenet.train.index"]], validation: [["imagenet.val.index"]], test: [] },
  retrieval: { train: [["coco_retrieval.train", "flickr30k.train"]], validation: [["coco_retrieval.val", "flickr30k.val"]], test: [["coco_retrieval.test", "flickr30k.test"]] },
  captioning: { train: [["coco_captioning.train"]], validation: [["coco_captioning.val", "nocaps.val"]], test: [["coco_captioning.test", "nocaps.test"]] },
  vqa: { train: [["vqa.train"], ["vqa.trainable_val"]], validation: [["vqa.rest_val", "vqa.val"]], test: [["vqa.test"]] },
  reasoning: { train: [["nlvr2.train.index"]], validation: [["nlvr2.dev.index"]], test: [["nlvr2.test-P.index"]] },
};

export interface SplitFiles {
  tables: string[];
  /** Folder of class folders, "" for the data folder itself. */
  classFolders?: string;
}

/** Where a split lies: its table (`train.csv`, or `vqa.train.csv` where one folder serves several tasks), its official index files, or, for classification, its folder of class folders. Undefined when there is none. */
export function findSplit(folder: DataFolder, task: DatasetTask, split: Split): SplitFiles | undefined {
  const there = new Set(folder.paths);
  const indices = official[task][split].flatMap((list) => list.map((name) => `${name}.jsonl`).filter((path) => there.has(path)).slice(0, 1));
  if (indices.length > 0) return { tables: indices };
  const table = tablesNamed([...names[split].map((name) => `${task}.${name}`), ...names[split]]).find((path) => there.has(path));
  if (table !== undefined) return { tables: [table] };
  if (task !== "classification") return undefined;
  const classFolders = names[split].find((name) => folder.paths.some((path) => path.startsWith(`${name}/`) && path.split("/").length > 2));
  return classFolders === undefined ? undefined : { tables: [], classFolders };
}

/** Data that are not split: `data.csv`, or class folders alone. */
export function findWhole(folder: DataFolder, task: DatasetTask): SplitFiles | undefined {
  const table = tablesNamed([`${task}.data`, "data"]).find((path) => folder.paths.includes(path));
  if (table !== undefined) return { tables: [table] };
  const hasTables = folder.paths.some((path) => tableExtensions.some((extension) => path.endsWith(`.${extension}`)));
  const hasFolders = folder.paths.some((path) => path.includes("/") && !/^(images|pictures)\//.test(path));
  return task === "classification" && !hasTables && hasFolders ? { tables: [], classFolders: "" } : undefined;
}

const tablesNamed = (stems: readonly string[]): string[] => stems.flatMap((stem) => tableExtensions.map((extension) => `${stem}.${extension}`));

/** What a folder may hold, for messages. */
export function expectedFiles(task: DatasetTask, split: Split): string {
  const plain = `${names[split][0]}.csv or ${names[split][0]}.jsonl`;
  const index = official[task][split].flat().map((name) => `${name}.jsonl`);
  const folders = task === "classification" ? [`${names[split][0]}/CLASS/PICTURE`] : [];
  return [plain, ...index, ...folders].join(", ");
}
