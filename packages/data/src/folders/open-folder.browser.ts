import { DataError } from "@multiway/errors";
import type { DataFolder, FolderSource } from "./data-folder.ts";
import { folderOfFiles } from "./folder-of-files.ts";

/** Files by name, as a page was given them. */
export async function openFolder(source: FolderSource): Promise<DataFolder> {
  if (typeof source === "string" || source instanceof URL) throw new DataError(`openFolder: ${String(source)} is a path; a page has no folders. Give its files by path: { "train.csv": file, … }.`);
  return Promise.resolve(folderOfFiles(source));
}
