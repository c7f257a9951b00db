import { formatValue } from "@multiway/errors";
import { failure, type Place } from "../../failure.ts";
import type { ByteSource } from "../../files/files.ts";

/** A file inside a zip archive, stored as it is. */
export interface ZipEntry {
  name: string;
  /** Where its own header begins in the archive; its bytes follow. */
  header: number;
  /** The first place where its bytes can begin. */
  leastBegin: number;
  sizeBytes: number;
}

const endSignature = 0x06054b50;
const end64LocatorSignature = 0x07064b50;
const end64Signature = 0x06064b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endBytes = 22;
const localBytes = 30;
/** The longest comment behind the end record. */
const maxComment = 0xffff;
/** A directory of some 200,000 entries. */
const maxDirectoryBytes = 64 * 2 ** 20;

const getAnew = "The file is damaged or was cut short; get a new copy and compare its size.";

/**
 * The files of a zip archive (PKWARE's APPNOTE 6.3, with its 64-bit records) by name. Only the directory is read; {@link beginOf} reads a file's own header.
 *
 * @throws CheckpointError for an archive that is damaged, encrypted or compressed
 */
export async function readZipDirectory(source: ByteSource, place: Place): Promise<Map<string, ZipEntry>> {
  const { offset, size, count } = await findDirectory(source, place);
  const bytes = await source.read(offset, offset + size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<string, ZipEntry>();
  let position = 0;
  for (let index = 0; index < count; index++) {
    if (position + 46 > size || view.getUint32(position, true) !== entrySignature) throw failure(place, `entry ${index} of its zip directory is damaged`, getAnew);
    const flags = view.getUint16(position + 8, true);
    const method = view.getUint16(position + 10, true);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((at) => view.getUint16(position + at, true)) as [number, number, number];
    const next = position + 46 + nameLength + extraLength + commentLength;
    if (next > size) throw failure(place, `entry ${index} of its zip directory is cut short`, getAnew);
    const name = new TextDecoder().decode(bytes.subarray(position + 46, position + 46 + nameLength));
    const extra = new DataView(bytes.buffer, bytes.byteOffset + position + 46 + nameLength, extraLength);
    const [packed, plain, local] = wide(extra, [view.getUint32(position + 20, true), view.getUint32(position + 24, true), view.getUint32(position + 42, true)], [1, 0, 2]);
    position = next;
    if (name.endsWith("/")) continue;
    if (flags & 1) throw failure(place, `${formatValue(name)} in it is encrypted`, "Decrypt the archive first.");
    if (method !== 0 || packed !== plain) throw failure(place, `${formatValue(name)} in it is compressed; PyTorch stores tensors as they are`, "Unpack the archive and pack it with `zip -0`.", { details: { name, method } });
    if (entries.has(name)) throw failure(place, `it holds ${formatValue(name)} twice`, getAnew, { details: { name } });
    const leastBegin = local + localBytes + nameLength;
    if (leastBegin + plain > offset) throw failure(place, `${formatValue(name)} ends at byte ${leastBegin + plain}; the archive's directory begins at ${offset}`, getAnew, { details: { name } });
    entries.set(name, { name, header: local, leastBegin, sizeBytes: plain });
  }
  return entries;
}

async function findDirectory(source: ByteSource, place: Place): Promise<{ offset: number; size: number; count: number }> {
  const start = Math.max(0, source.sizeBytes - endBytes - maxComment);
  const tail = await source.read(start, source.sizeBytes);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let at = tail.length - endBytes;
  while (at >= 0 && view.getUint32(at, true) !== endSignature) at--;
  if (at < 0) throw failure(place, "this zip archive has no directory at its end", getAnew);
  let directory = { offset: view.getUint32(at + 16, true), size: view.getUint32(at + 12, true), count: view.getUint16(at + 10, true) };
  if (directory.offset === 0xffffffff || directory.size === 0xffffffff || directory.count === 0xffff) {
    const locator = at - 20;
    if (locator < 0 || view.getUint32(locator, true) !== end64LocatorSignature) throw failure(place, "this large zip archive has no 64-bit directory", getAnew);
    const where = Number(view.getBigUint64(locator + 8, true));
    if (where + 56 > source.sizeBytes) throw failure(place, "the zip archive's 64-bit directory lies beyond its end", getAnew);
    const end = await source.read(where, where + 56);
    const wideView = new DataView(end.buffer, end.byteOffset, end.byteLength);
    if (wideView.getUint32(0, true) !== end64Signature) throw failure(place, "the zip archive's 64-bit directory is damaged", getAnew);
    directory = { offset: Number(wideView.getBigUint64(48, true)), size: Number(wideView.getBigUint64(40, true)), count: Number(wideView.getBigUint64(32, true)) };
  }
  if (directory.offset + directory.size > source.sizeBytes) throw failure(place, `its zip directory ends at byte ${directory.offset + directory.size}; the file has ${source.sizeBytes}`, getAnew);
  if (directory.size > maxDirectoryBytes) throw failure(place, `its zip directory has ${directory.size} bytes; at most ${maxDirectoryBytes} are read`, "Is it a PyTorch file?");
  return directory;
}

/** Numbers of 32 bits, and instead of those that say 0xffffffff the ones of 64 bits in the extra field, which stand there in a fixed `order`. */
function wide(extra: DataView, numbers: [number, number, number], order: readonly number[]): [number, number, number] {
  const result: [number, number, number] = [...numbers];
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== 1) continue;
    let field = at + 4;
    for (const index of order) {
      if (numbers[index] !== 0xffffffff || field + 8 > extra.byteLength) continue;
      result[index] = Number(extra.getBigUint64(field, true));
      field += 8;
    }
  }
  return result;
}

/** Where a file's bytes begin: behind its own header, whose length only that knows. */
export async function beginOf(source: ByteSource, { name, header: at, sizeBytes }: ZipEntry, place: Place): Promise<number> {
  const header = await source.read(at, at + localBytes);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0, true) !== localSignature) throw failure(place, `the header of ${formatValue(name)} in it is damaged`, getAnew, { details: { name } });
  const begin = at + localBytes + view.getUint16(26, true) + view.getUint16(28, true);
  if (begin + sizeBytes > source.sizeBytes) throw failure(place, `${formatValue(name)} ends at byte ${begin + sizeBytes}; the file has ${source.sizeBytes}`, getAnew, { details: { name } });
  return begin;
}

/** All of a file, or its first bytes. */
export async function readEntry(source: ByteSource, entry: ZipEntry, place: Place, most = Infinity): Promise<Uint8Array> {
  const begin = await beginOf(source, entry, place);
  return source.read(begin, begin + Math.min(entry.sizeBytes, most));
}
