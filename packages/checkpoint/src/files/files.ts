import type { Place } from "../failure.ts";
import type { PartStore } from "./parts/part-store.ts";

/** Bytes that can be read in parts, wherever they lie. */
export interface ByteSource {
  readonly sizeBytes: number;
  /**
   * Bytes `begin` up to, not including, `end`: both inside the file.
   *
   * @param scratch  where the bytes may be put, as long as they fit; a source may have them elsewhere
   */
  read(begin: number, end: number, scratch?: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A file in a page's own storage, or one that its user picked: the part of `FileSystemFileHandle` that is used. */
export interface FileHandle {
  readonly name: string;
  getFile(): Promise<Blob>;
  createWritable(): Promise<{ write(data: Uint8Array<ArrayBuffer>): Promise<void>; close(): Promise<void>; abort(): Promise<void> }>;
}

/** A folder of a page's own storage, as `navigator.storage.getDirectory()` gives one: the part of `FileSystemDirectoryHandle` that is used. */
export interface FolderHandle {
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<void>;
}

/** Where a checkpoint is read from: bytes, a `Blob` or `File`, a stream, a file handle of a page, an address; in Node a path. */
export type CheckpointSource = Uint8Array | Blob | ReadableStream<Uint8Array> | FileHandle | URL | string;

/** Where a checkpoint is written to: in Node a path, in pages a file handle. */
export type CheckpointTarget = FileHandle | URL | string;

/** Where what comes from an address is kept for the next time: in Node the path of a folder; in pages a folder of the page's own storage, or a `Cache`, as `caches.open(name)` gives one. */
export type CheckpointCache = FolderHandle | Cache | URL | string;

export interface DownloadProgress {
  /** Bytes of the file that have come so far, in this call. */
  receivedBytes: number;
  /** Bytes of the whole file, where the server says so. Fewer may be needed. */
  totalBytes: number | undefined;
}

/** How addresses and streams are read. */
export interface SourceOptions {
  /** Ends reading and downloading: what is under way rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Is told of every part that comes from an address or a stream. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Where what an address gives is kept, in parts, so that the next call asks for those alone that are missing. Needs a server that tells versions apart (`ETag` or `Last-Modified`). */
  cache?: CheckpointCache;
  /** Sent along with every request: `{ Authorization: "Bearer …" }`. */
  headers?: Readonly<Record<string, string>>;
  /** A connection that gives nothing for so many milliseconds counts as broken. Default 30,000. */
  stallMs?: number;
  /** Before a connection that broke is made anew, doubled each time that brings nothing. Default 200. */
  pauseMs?: number;
}

/** Where bytes are put: in what is at hand, or in memory of their own. */
export const room = (length: number, scratch?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => (scratch && scratch.length >= length ? scratch.subarray(0, length) : new Uint8Array(length));

/** Takes the bytes of a file, one part after the other. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>;

/** What differs between Node and pages: `files.node.ts` and `files.browser.ts` export these functions. */
export interface Files {
  /** Whether a text names something on the network, not on this machine's disk. */
  isAddress(source: string): boolean;
  /** Opens a path. */
  openFile(source: URL | string, place: Place): Promise<ByteSource>;
  /** The names of a folder's files; undefined for what is no folder. */
  filesIn(source: URL | string): Promise<string[] | undefined>;
  /**
   * Writes a file all or not at all: `write` is handed a function that takes bytes, and only when it is done does the target change.
   *
   * @throws CheckpointError naming path, cause and remedy; whatever `write` throws itself passes through. Either way the old file stays as it was
   */
  replaceFile(target: URL | string, write: (writeBytes: WriteBytes) => Promise<void>, place: Place): Promise<void>;
  /** Removes a file, if it is there. */
  removeFile(source: URL | string): Promise<void>;
  /** Where parts of files are kept. @throws CheckpointError for what cannot keep them here */
  openCache(cache: CheckpointCache, place: Place): Promise<PartStore>;
  /** Keeps parts until it is closed. */
  openTemporary(place: Place): Promise<PartStore>;
}

export const isFileHandle = (value: unknown): value is FileHandle => typeof value === "object" && value !== null && "createWritable" in value && "getFile" in value;

/** What messages call a source or target. Keys in an address stay out of them. */
export function nameOf(source: CheckpointSource): string {
  if (typeof source === "string") return /^https?:/i.test(source) && URL.canParse(source) ? nameOf(new URL(source)) : source.startsWith("data:") ? "data: address" : source;
  if (source instanceof URL) return source.protocol === "data:" ? "data: address" : /^https?:/.test(source.protocol) ? source.origin + source.pathname : source.href;
  if (source instanceof Uint8Array) return "bytes";
  if (source instanceof ReadableStream) return "stream";
  return "name" in source && typeof source.name === "string" ? source.name : "blob";
}
