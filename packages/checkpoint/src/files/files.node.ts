import { randomUUID } from "node:crypto";
import { mkdtemp, open, readdir, realpath, rename, unlink, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { failure, type Place } from "../failure.ts";
import { room, type Files } from "./files.ts";
import { diskParts } from "./parts/disk-parts.ts";

/** Largest part that is handed to the system at once; Linux takes no more than 2 GiB. */
const partBytes = 64 * 1024 * 1024;

export const isAddress: Files["isAddress"] = (source) => /^(https?|data|blob):/i.test(source);

export const filesIn: Files["filesIn"] = (source) => readdir(toPath(source)).catch(() => undefined);

export const removeFile: Files["removeFile"] = (source) => unlink(toPath(source)).catch(() => {});

export const openCache: Files["openCache"] = async (cache, place) => {
  if (typeof cache === "string" || cache instanceof URL) return diskParts(toPath(cache), place);
  throw failure(place, "`cache` is no path", "In Node, name a folder.");
};

export const openTemporary: Files["openTemporary"] = async (place) => diskParts(await mkdtemp(join(tmpdir(), "multiway-")), place, { isTemporary: true });

export const openFile: Files["openFile"] = async (source, place) => {
  const path = toPath(source);
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const stats = await file.stat();
    if (!stats.isFile()) throw Object.assign(new Error("not a file"), { code: stats.isDirectory() ? "EISDIR" : "ENOTSUP" });
    return fileSource(file, stats.size, place);
  } catch (cause) {
    await file?.close();
    throw failure(place, `the file cannot be read (${codeOf(cause)})`, remedies[codeOf(cause)] ?? "Check the path.", { cause, details: { path } });
  }
};

function fileSource(file: FileHandle, sizeBytes: number, place: Place) {
  return {
    sizeBytes,
    async read(begin: number, end: number, scratch?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
      const bytes = room(end - begin, scratch);
      for (let done = 0; done < bytes.length; ) {
        let bytesRead: number;
        try {
          ({ bytesRead } = await file.read(bytes, done, Math.min(partBytes, bytes.length - done), begin + done));
        } catch (cause) {
          throw failure(place, `reading stopped at byte ${begin + done} (${codeOf(cause)})`, "Check the disk, and copy the file anew.", { cause });
        }
        if (bytesRead === 0) throw failure(place, `the file ends at byte ${begin + done} while it is read; ${sizeBytes} bytes were there before`, "Somebody else is writing it. Try again when that is done.");
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

export const replaceFile: Files["replaceFile"] = async (target, write, place) => {
  const named = toPath(target);
  // Behind a symbolic link the file is replaced, not the link.
  const path = await realpath(named).catch(() => named);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${randomUUID().slice(0, 8)}.tmp`);
  const cannot = (cause: unknown) =>
    failure(place, `the file cannot be written (${codeOf(cause)}); what stood there before is unchanged`, remedies[codeOf(cause)] ?? "Check the path and the disk.", { cause, details: { path } });
  let file: FileHandle | undefined;
  try {
    file = await attempt(() => open(temporary, "wx"), cannot);
    const handle = file;
    await write((bytes) => attempt(() => writeAll(handle, bytes), cannot));
    // On the disk before the name points to it: a crash must not leave an empty file under a good name.
    await attempt(() => handle.sync(), cannot);
    file = undefined;
    await attempt(() => handle.close(), cannot);
    await attempt(() => rename(temporary, path), cannot);
  } catch (error) {
    await file?.close().catch(() => {});
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
};

async function attempt<T>(action: () => Promise<T>, fail: (cause: unknown) => Error): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw fail(cause);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(partBytes, bytes.length - done));
    // A file at its size limit takes what fits, and names the reason only at the next write.
    done += bytesWritten;
  }
}

/** Makes the new name last. Some systems cannot open a folder; then there is nothing to be done. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // The file itself is whole under either name.
  }
}

const toPath = (source: URL | string): string => (source instanceof URL || source.startsWith("file:") ? fileURLToPath(source) : source);

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? (error as Error).message;

const remedies: Readonly<Record<string, string>> = {
  ENOENT: "Check the path; the folder must exist.",
  ENOTDIR: "Check the path: a part of it is a file, not a folder.",
  EISDIR: "This is a folder; name a file in it.",
  ENOTSUP: "This is no regular file; name one.",
  EACCES: "You lack the permission; choose another folder, or ask for it.",
  EPERM: "You lack the permission, or another program holds the file open; choose another folder.",
  EROFS: "The disk is read-only; choose another folder.",
  ENOSPC: "The disk is full; make room or choose another disk.",
  EDQUOT: "Your share of the disk is used up; make room or choose another disk.",
  EFBIG: "The file is larger than the system allows here; see `ulimit -f`, or choose another disk.",
  EMFILE: "Too many files are open; close some.",
};
