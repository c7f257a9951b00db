import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { failure, type Place } from "../../failure.ts";
import type { PartStore } from "./part-store.ts";

/** Parts as files of a folder, which is made when it is missing. Several processes may share one. */
export async function diskParts(folder: string, place: Place, { isTemporary = false }: { isTemporary?: boolean } = {}): Promise<PartStore> {
  const cannot = (cause: unknown) =>
    failure(place, `it cannot be kept in ${folder} (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message})`, isTemporary ? "Make room there, or name another folder by TMPDIR." : "Make room, choose another folder for `cache`, or leave it out.", { cause, details: { folder } });
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw cannot(cause);
  });
  return {
    async list() {
      const sizes = new Map<string, number>();
      for (const name of await readdir(folder)) {
        const found = await stat(join(folder, name)).catch(() => undefined);
        if (found?.isFile()) sizes.set(name, found.size);
      }
      return sizes;
    },
    async write(name, bytes) {
      const temporary = join(folder, `.${name}.${process.pid}-${randomUUID().slice(0, 8)}.tmp`);
      try {
        const file = await open(temporary, "wx");
        try {
          await file.writeFile(bytes);
          // A crash must not leave a part whose size alone is right.
          if (!isTemporary) await file.datasync();
        } finally {
          await file.close();
        }
        await rename(temporary, join(folder, name));
      } catch (cause) {
        await unlink(temporary).catch(() => {});
        throw cannot(cause);
      }
    },
    async read(name, begin, end) {
      const file = await open(join(folder, name), "r").catch(() => undefined);
      if (!file) return undefined;
      try {
        const bytes = new Uint8Array(end - begin);
        for (let done = 0; done < bytes.length; ) {
          const { bytesRead } = await file.read(bytes, done, bytes.length - done, begin + done);
          if (bytesRead === 0) return undefined;
          done += bytesRead;
        }
        return bytes;
      } finally {
        await file.close();
      }
    },
    remove: (name) => unlink(join(folder, name)).catch(() => {}),
    close: async () => {
      if (isTemporary) await rm(folder, { recursive: true, force: true });
    },
  };
}
