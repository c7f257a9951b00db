import { randomUUID } from "node:crypto";
import { open, realpath, rename, unlink, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Writes a file, all or nothing: to a temporary file beside it, which takes its name once it is whole and on the disk. Whatever fails, what stood there before stays.
 *
 * @throws the system's error, with the file in `path`
 */
export async function writeAtomic(file: string, content: string | Uint8Array): Promise<void> {
  // Behind a symbolic link the file is replaced, not the link.
  const path = await realpath(file).catch(() => file);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${randomUUID().slice(0, 8)}.tmp`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, "wx");
    await handle.writeFile(content);
    // On the disk before the name points to it: a crash must not leave an empty file under a good name.
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, path);
  } catch (error) {
    await handle?.close().catch(() => {});
    await unlink(temporary).catch(() => {});
    throw Object.assign(error as Error, { path: file, syscall: "write" });
  }
}
