import { filesIn, isAddress } from "#files";
import { formatList } from "@multiway/errors";
import { failure } from "../failure.ts";
import { nameOf, type CheckpointSource, type CheckpointTarget, type FolderHandle } from "../files/files.ts";
import { beside } from "../formats/shards/in-folder.ts";

/** Files that belong together: in Node the path of a folder; an address that they lie under; a folder of a page's own storage; or the files themselves, by name. */
export type FolderSource = FolderHandle | URL | string | Readonly<Record<string, CheckpointSource>>;

/** Where files that belong together are written to: a folder that is there. */
export type FolderTarget = FolderHandle | URL | string;

/** Whether a text names something on the network: in Node what begins with `https:` and the like, in pages whatever it is. */
export { isAddress };

/** What messages call a folder. */
export const nameOfFolder = (folder: FolderSource): string => (isPlace(folder) ? nameOf(folder) : isFolderHandle(folder) ? "folder" : "files");

/**
 * The names of a folder's files, where that can be known: not at an address, and not of a page's folder.
 *
 * @returns undefined where it cannot, and for what is no folder
 */
export async function namesIn(folder: FolderSource): Promise<readonly string[] | undefined> {
  if (!isPlace(folder)) return isFolderHandle(folder) ? undefined : Object.keys(folder);
  return isAddress(String(folder)) ? undefined : await filesIn(folder);
}

/** One of a folder's files, to be opened. Whether a path or an address has it shows then. @throws CheckpointError when it is not among files that are at hand */
export async function fileIn(folder: FolderSource, name: string): Promise<CheckpointSource> {
  if (isPlace(folder)) return inside(folder, name);
  if (!isFolderHandle(folder)) {
    if (Object.hasOwn(folder, name)) return folder[name]!;
    throw failure({ caller: "fileIn", file: name }, `it is not among the files ${formatList(Object.keys(folder))}`, "Hand it in with them.", { details: { name } });
  }
  return await folder.getFileHandle(name).catch((cause: unknown) => {
    throw failure({ caller: "fileIn", file: name }, `it cannot be found in the folder (${(cause as Error).message})`, "Check what the folder holds.", { cause });
  });
}

/** A place in a folder for a file to be written to. */
export const targetIn = async (folder: FolderTarget, name: string): Promise<CheckpointTarget> => (isPlace(folder) ? inside(folder, name) : await folder.getFileHandle(name, { create: true }));

const isPlace = (folder: FolderSource): folder is URL | string => typeof folder === "string" || folder instanceof URL;
const isFolderHandle = (folder: FolderHandle | Readonly<Record<string, CheckpointSource>>): folder is FolderHandle => typeof (folder as { getFileHandle?: unknown }).getFileHandle === "function";

/** What follows `?` in an address stays. */
function inside(folder: URL | string, name: string): URL | string {
  if (folder instanceof URL || /^(https?|file):/i.test(folder)) {
    const within = new URL(folder);
    if (!within.pathname.endsWith("/")) within.pathname += "/";
    const file = beside(within, name);
    return folder instanceof URL ? file : String(file);
  }
  return beside(/[/\\]$/.test(folder) ? folder : `${folder}/`, name);
}
