/** A file or folder of an archive, as {@link untar} finds it. */
export interface ArchiveEntry {
  /** Relative, with forward slashes; never leaves the folder that it is unpacked to. */
  path: string;
  kind: "file" | "folder";
  isExecutable: boolean;
  bytes: Uint8Array;
}

const BLOCK = 512;

/**
 * Reads a tar archive of plain files and folders (POSIX ustar or GNU without extensions).
 *
 * @param archive  the uncompressed archive
 * @throws         Error on links, long names or any other entry kind, on a bad checksum, and on a path that leaves the folder
 *
 * Source: POSIX.1-1988 ustar interchange format.
 */
export function* untar(archive: Uint8Array): Generator<ArchiveEntry> {
  for (let offset = 0; offset + BLOCK <= archive.length; ) {
    const header = archive.subarray(offset, offset + BLOCK);
    if (header.every((byte) => byte === 0)) return; // An empty block ends the archive.
    if (checksum(header) !== octal(header, 148, 8)) throw new Error(`untar: the header at byte ${offset} has a wrong checksum.`);
    const prefix = isPosix(header) ? text(header, 345, 155) : "";
    const path = (prefix ? `${prefix}/` : "") + text(header, 0, 100);
    const sizeBytes = octal(header, 124, 12);
    const type = text(header, 156, 1) || "0";
    if (type !== "0" && type !== "5") throw new Error(`untar: "${path}" is an entry of type "${type}"; only files and folders are read.`);
    if (path.startsWith("/") || path.split("/").includes("..")) throw new Error(`untar: "${path}" leaves the folder of the archive.`);
    const start = offset + BLOCK;
    if (start + sizeBytes > archive.length) throw new Error(`untar: "${path}" is cut off: ${sizeBytes} bytes announced, ${archive.length - start} left.`);
    const isExecutable = (octal(header, 100, 8) & 0o100) !== 0;
    yield { path, kind: type === "5" ? "folder" : "file", isExecutable, bytes: archive.subarray(start, start + sizeBytes) };
    offset = start + Math.ceil(sizeBytes / BLOCK) * BLOCK;
  }
}

function text(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(header: Uint8Array, start: number, length: number): number {
  return Number.parseInt(text(header, start, length).trim() || "0", 8);
}

// GNU archives have "ustar " there, and times of access where POSIX has the path's prefix.
function isPosix(header: Uint8Array): boolean {
  return text(header, 257, 6) === "ustar";
}

// The sum of all bytes of the header, with its own eight bytes read as spaces.
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
}
