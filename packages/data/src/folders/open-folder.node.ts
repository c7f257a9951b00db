import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DataError } from "@multiway/errors";
import { inOrder, isHidden, type DataFolder, type FolderSource } from "./data-folder.ts";
import { folderOfFiles } from "./folder-of-files.ts";

/**
 * A folder of the disk with all below it, or files by name.
 *
 * @throws DataError when it cannot be read
 */
export async function openFolder(source: FolderSource): Promise<DataFolder> {
  if (typeof source !== "string" && !(source instanceof URL)) return folderOfFiles(source);
  const folder = source instanceof URL ? fileURLToPath(source) : source;
  const cannot = (path: string, cause: unknown): DataError =>
    new DataError(`openFolder: ${path} cannot be read (${(cause as { code?: string }).code ?? "unknown reason"}); expected a folder with the data. Check the path.`, { cause, details: { path } });
  const found: Found = { paths: [], folders: [] };
  await walk(folder, "", found, 0).catch((cause: unknown) => {
    throw cannot((cause as { path?: string }).path ?? folder, cause);
  });
  return {
    name: folder,
    paths: inOrder(found.paths),
    folders: inOrder(found.folders),
    read: (path) =>
      readFile(join(folder, path)).catch((cause: unknown) => {
        throw cannot(join(folder, path), cause);
      }),
  };
}

interface Found {
  paths: string[];
  folders: string[];
}

/** Deep enough for any data, and an end to links that lead in circles. */
const deepest = 16;

/** All files below, behind links too. */
async function walk(root: string, below: string, found: Found, depth: number): Promise<void> {
  if (depth > deepest) return;
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (isHidden(entry.name)) continue;
    // What a link points to may be gone.
    const kind = entry.isSymbolicLink() ? await stat(join(root, path)).catch(() => undefined) : entry;
    if (kind?.isDirectory()) {
      found.folders.push(path);
      await walk(root, path, found, depth + 1);
    } else if (kind?.isFile()) found.paths.push(path);
  }
}
