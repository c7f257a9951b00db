import { failure } from "../failure.ts";
import { fetchBlob } from "./fetch-blob.ts";
import type { Files } from "./files.ts";
import { blobSource } from "./memory.ts";

export const openFile: Files["openFile"] = async (source, place) => blobSource(await fetchBlob(String(source), place));

export const replaceFile: Files["replaceFile"] = async (_target, _write, place) => {
  throw failure(place, "a page cannot write to a path or an address", "Hand in a FileSystemFileHandle (from showSaveFilePicker or navigator.storage.getDirectory), or offer the bytes of encodeSafetensors for download.");
};
