import { DataError } from "@multiway/errors";
import { inOrder, type DataFolder } from "./data-folder.ts";

/** Files by path, as a page's file chooser gives them. */
export function folderOfFiles(files: Readonly<Record<string, Blob | Uint8Array>>, name = "the given files"): DataFolder {
  const paths = inOrder(Object.keys(files));
  return {
    name,
    paths,
    folders: inOrder(new Set(paths.flatMap((path) => path.split("/").slice(0, -1).map((_, depth, parts) => parts.slice(0, depth + 1).join("/"))))),
    async read(path) {
      const file = Object.hasOwn(files, path) ? files[path]! : undefined;
      if (!file) throw new DataError(`openFolder: there is no ${path} among ${name}. Check the path.`, { details: { path } });
      return file instanceof Uint8Array ? file : new Uint8Array(await file.arrayBuffer());
    },
  };
}
