import { existsSync, readdirSync, unlinkSync } from "node:fs";
import { mkdir, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { writeAtomic } from "./write-atomic.ts";

/**
 * Makes a folder, with those above it, and sees that files can be written there: better now than after ten minutes of training.
 *
 * @throws the system's error, with the folder in `path`
 */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await makeFolder(resolve(folder));
    const probe = join(folder, `.probe-${process.pid}`);
    await writeAtomic(probe, "");
    await unlink(probe);
  } catch (error) {
    throw Object.assign(error as Error, { path: folder, syscall: "write" });
  }
}

/** With those above it. Node's own `recursive` goes round in circles where a file system says ENOENT to a new folder, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path || existsSync(dirname(path))) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path);
  }
}

/** Removes what this process has not finished writing, when it must end at once. */
export function removeTemporaries(folder: string): void {
  try {
    for (const name of readdirSync(folder)) if (name.startsWith(".") && name.includes(`.${process.pid}-`) && name.endsWith(".tmp")) unlinkSync(join(folder, name));
  } catch {
    // They are hidden and harmless.
  }
}
