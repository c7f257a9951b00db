import { room, type ByteSource } from "../files.ts";
import type { Connection } from "./connection.ts";

/** What is asked for at once where little is wanted: a header, a directory. */
export const windowBytes = 256 * 1024;

/** An open answer, read as far as `position`. */
interface Stream {
  position: number;
  chunks: AsyncGenerator<Uint8Array>;
  /** What has come and was not asked for yet. */
  rest: Uint8Array;
}

/** A file on a server that gives parts of it: one request after another as long as what is read lies in order, another one where it does not. */
export class RangeSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #connection: Connection;
  /** The file's start and what was looked at last. */
  readonly #windows: { begin: number; bytes: Uint8Array }[];
  #stream: Stream | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection, sizeBytes: number, start: Uint8Array) {
    this.#connection = connection;
    this.sizeBytes = sizeBytes;
    this.#windows = [{ begin: 0, bytes: start }];
  }

  /** One read at a time: they share an answer. */
  read(begin: number, end: number, scratch?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const result = this.#last.then(() => this.#read(begin, end, scratch));
    this.#last = result.catch(() => {});
    return result;
  }

  async #read(begin: number, end: number, scratch: Uint8Array<ArrayBuffer> | undefined): Promise<Uint8Array> {
    const result = room(end - begin, scratch);
    let done = this.#fromWindows(begin, result);
    if (done === result.length) return result;
    if (!this.#isAhead(begin + done)) {
      await this.#endStream();
      const start = begin + done;
      if (result.length - done <= windowBytes / 4 && !this.#followsWindow(start)) {
        const bytes = await collect(this.#connection.bytes(start, Math.min(this.sizeBytes, start + windowBytes)));
        this.#windows.splice(1, 1, { begin: start, bytes });
        done += this.#fromWindows(start, result.subarray(done));
        return result;
      }
      this.#stream = { position: begin + done, chunks: this.#connection.bytes(begin + done), rest: new Uint8Array() };
    }
    try {
      await this.#fromStream(begin, done, result);
    } catch (error) {
      this.#stream = undefined;
      throw error;
    }
    return result;
  }

  /** Whether the open answer comes to a place soon. */
  #isAhead(position: number): boolean {
    return this.#stream !== undefined && position >= this.#stream.position && position - this.#stream.position <= windowBytes;
  }

  /** Whether somebody reads on behind what was looked at. */
  #followsWindow(position: number): boolean {
    const { begin, bytes } = this.#windows.at(-1)!;
    return position >= begin + bytes.length && position - begin - bytes.length <= windowBytes;
  }

  /** @returns how many bytes at the beginning of a result are known */
  #fromWindows(begin: number, result: Uint8Array): number {
    for (const window of this.#windows) {
      const from = begin - window.begin;
      if (from < 0 || from >= window.bytes.length) continue;
      const known = window.bytes.subarray(from, from + result.length);
      result.set(known);
      return known.length;
    }
    return 0;
  }

  async #fromStream(begin: number, known: number, result: Uint8Array): Promise<void> {
    const stream = this.#stream!;
    for (let done = known; done < result.length; ) {
      if (stream.rest.length === 0) {
        const { value, done: isOver } = await stream.chunks.next();
        // The connection gives all that the file's size promises, or throws.
        if (isOver) return;
        stream.rest = value as Uint8Array;
      }
      const skipped = Math.min(stream.rest.length, begin + done - stream.position);
      const taken = stream.rest.subarray(skipped, skipped + result.length - done);
      result.set(taken, done);
      done += taken.length;
      stream.position += skipped + taken.length;
      stream.rest = stream.rest.subarray(skipped + taken.length);
    }
  }

  async #endStream(): Promise<void> {
    await this.#stream?.chunks.return(undefined);
    this.#stream = undefined;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#endStream();
  }
}

/** All of a stream that is known to be small. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const result = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    result.set(chunk, at);
    at += chunk.length;
  }
  return result;
}
