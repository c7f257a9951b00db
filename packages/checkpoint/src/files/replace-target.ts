import { replaceFile } from "#files";
import { failure, type Place } from "../failure.ts";
import { isFileHandle, type CheckpointTarget, type FileHandle, type WriteBytes } from "./files.ts";

type Write = (writeBytes: WriteBytes) => Promise<void>;

/** Writes a file all or not at all, wherever it lies: see `replaceFile` of {@link Files}. */
export function replaceTarget(target: CheckpointTarget, write: Write, place: Place): Promise<void> {
  return isFileHandle(target) ? replaceHandle(target, write, place) : replaceFile(target, write, place);
}

/** A page's writable file keeps what it is given in a copy, and replaces the file when it is closed. */
async function replaceHandle(handle: FileHandle, write: Write, place: Place): Promise<void> {
  const cannot = (cause: unknown) =>
    failure(place, `the file cannot be written (${(cause as Error).message}); what stood there before is unchanged`, "Allow writing to it, and check that the browser's storage has room.", { cause });
  const attempt = (action: Promise<void>): Promise<void> =>
    action.catch((cause: unknown) => {
      throw cannot(cause);
    });
  const writable = await handle.createWritable().catch((cause: unknown) => {
    throw cannot(cause);
  });
  try {
    await write((bytes) => attempt(writable.write(bytes as Uint8Array<ArrayBuffer>)));
    await attempt(writable.close());
  } catch (error) {
    await writable.abort().catch(() => {});
    throw error;
  }
}
