import type { Place } from "../failure.ts";

/** Bytes that can be read in parts, wherever they lie. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Bytes `begin` up to, not including, `end`: both inside the file. */
  read(begin: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A file in a page's own storage, or one that its user picked: the part of `FileSystemFileHandle` that is used. */
export interface FileHandle {
  readonly name: string;
  getFile(): Promise<Blob>;
  createWritable(): Promise<{ write(data: Uint8Array<ArrayBuffer>): Promise<void>; close(): Promise<void>; abort(): Promise<void> }>;
}

/** Where a checkpoint is read from: bytes, a `Blob` or `File`, a file handle of a page, an address; in Node a path. */
export type CheckpointSource = Uint8Array | Blob | FileHandle | URL | string;

/** Where a checkpoint is written to: in Node a path, in pages a file handle. */
export type CheckpointTarget = FileHandle | URL | string;

/** Takes the bytes of a file, one part after the other. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>;

/** What differs between Node and pages: `files.node.ts` and `files.browser.ts` export these two functions. */
export interface Files {
  /** Opens a path or an address. */
  openFile(source: URL | string, place: Place): Promise<ByteSource>;
  /**
   * Writes a file all or not at all: `write` is handed a function that takes bytes, and only when it is done does the target change.
   *
   * @throws CheckpointError naming path, cause and remedy; whatever `write` throws itself passes through. Either way the old file stays as it was
   */
  replaceFile(target: URL | string, write: (writeBytes: WriteBytes) => Promise<void>, place: Place): Promise<void>;
}

export const isFileHandle = (value: unknown): value is FileHandle => typeof value === "object" && value !== null && "createWritable" in value && "getFile" in value;

/** What messages call a source or target. */
export function nameOf(source: CheckpointSource): string {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.protocol === "data:" ? "data: address" : source.href;
  if (source instanceof Uint8Array) return "bytes";
  return "name" in source && typeof source.name === "string" ? source.name : "blob";
}
