import { nameOf, type CheckpointSource, type CheckpointTarget, type SourceOptions } from "../files/files.ts";
import { failure, type Place } from "../failure.ts";
import { openBytes } from "../files/open-bytes.ts";
import { replaceTarget } from "../files/replace-target.ts";

export interface ReadBytesOptions extends SourceOptions {
  /** Larger files are refused. Default 256 MiB. */
  maxBytes?: number;
}

/** All of a small file, such as a tokenizer beside its weights. @throws CheckpointError naming file, cause and remedy */
export async function readBytes(source: CheckpointSource, { maxBytes = 256 * 2 ** 20, ...options }: ReadBytesOptions = {}): Promise<Uint8Array> {
  const place: Place = { caller: "readBytes", file: nameOf(source) };
  const bytes = await openBytes(source, place, options);
  try {
    if (bytes.sizeBytes > maxBytes) throw failure(place, `it has ${bytes.sizeBytes} bytes; expected at most ${maxBytes}`, "Is it the right file?", { details: { sizeBytes: bytes.sizeBytes, maxBytes } });
    return bytes.sizeBytes === 0 ? new Uint8Array() : await bytes.read(0, bytes.sizeBytes);
  } finally {
    await bytes.close();
  }
}

/** Writes a file, all or not at all, as `saveCheckpoint` does. @throws CheckpointError naming file, cause and remedy; the old file is as it was then */
export async function writeBytes(target: CheckpointTarget, bytes: Uint8Array): Promise<void> {
  await replaceTarget(target, (write) => write(bytes), { caller: "writeBytes", file: nameOf(target) });
}
