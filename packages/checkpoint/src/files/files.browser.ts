import { failure } from "../failure.ts";
import type { Files } from "./files.ts";
import { blobParts } from "./parts/blob-parts.ts";

export const isAddress: Files["isAddress"] = () => true;

export const filesIn: Files["filesIn"] = async () => undefined;

export const removeFile: Files["removeFile"] = async () => {};

export const openFile: Files["openFile"] = async (_source, place) => {
  throw failure(place, "a page cannot read a path", "Hand in an address, a File or a FileSystemFileHandle.");
};

export const openCache: Files["openCache"] = async (cache, place) => {
  const { cacheParts, folderParts } = await import("./parts/page-parts.ts");
  if (typeof cache === "object" && "getFileHandle" in cache) return folderParts(cache, place);
  if (typeof cache === "object" && "match" in cache) return cacheParts(cache, place);
  throw failure(place, "`cache` is a path", "In pages, hand in a folder of navigator.storage.getDirectory(), or what caches.open(name) gives.");
};

export const openTemporary: Files["openTemporary"] = async () => blobParts();

export const replaceFile: Files["replaceFile"] = async (_target, _write, place) => {
  throw failure(place, "a page cannot write to a path or an address", "Hand in a FileSystemFileHandle (from showSaveFilePicker or navigator.storage.getDirectory), or offer the bytes of encodeSafetensors for download.");
};
