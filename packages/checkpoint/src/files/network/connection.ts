import { failure, type Place } from "../../failure.ts";
import type { SourceOptions } from "../files.ts";
import { Broken, maxFailures, pause, within } from "./broken.ts";
import { mayBeSame, parseContentRange, rangeCondition, type Version } from "./version.ts";

/** A server's answer whose body has not been read. */
export interface Reply {
  /** Where the body begins in the file: 0 when the server gives all of it, whatever was asked. */
  begin: number;
  isPartial: boolean;
  version: Version;
  body: AsyncIterable<Uint8Array>;
  /** Wants no more of it. */
  cancel(): void;
}

const defaultStallMs = 30_000;
/** Answers of servers that are busy or behind something that is. */
const isBusy = (status: number): boolean => [408, 429, 500, 502, 503, 504].includes(status);

/** A file at an address, of which bytes are asked for again where a connection breaks. */
export class Connection {
  /** What the first answer said; all later ones must agree. */
  version: Version | undefined;
  readonly #address: string;
  readonly #place: Place;
  readonly #options: SourceOptions;
  #receivedBytes = 0;

  constructor(address: string, place: Place, options: SourceOptions) {
    this.#address = address;
    this.#place = place;
    this.#options = options;
  }

  /**
   * The bytes from `begin` on, up to `end` or the file's end, however often the connection breaks in between.
   *
   * @param first  an answer to begin with
   */
  async *bytes(begin: number, end = Infinity, first?: Reply): AsyncGenerator<Uint8Array> {
    let position = begin;
    let failures = 0;
    let reply = first;
    for (;;) {
      try {
        reply ??= await this.#ask(position, end);
        for await (const chunk of reply.body) {
          const start = reply.begin;
          reply.begin += chunk.length;
          // A server that cannot begin in the middle gives what is known once more.
          const useful = chunk.subarray(Math.min(chunk.length, Math.max(0, position - start)), Math.min(chunk.length, end - start));
          if (useful.length === 0) continue;
          position += useful.length;
          failures = 0;
          this.#receivedBytes += useful.length;
          this.#options.onProgress?.({ receivedBytes: this.#receivedBytes, totalBytes: this.version?.sizeBytes });
          yield useful;
          if (position >= end) return;
        }
        const { sizeBytes } = this.version!;
        if (sizeBytes !== undefined && position > sizeBytes) throw failure(this.#place, `the server sends more than the ${sizeBytes} bytes that it announced`, "The server or something before it is at fault; fetch the file by other means.");
        if (sizeBytes !== undefined && position < Math.min(end, sizeBytes)) throw new Broken(`it ended at byte ${position} of ${sizeBytes}`);
        return;
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        await this.#tryAgain(++failures, error, position);
        reply = undefined;
      } finally {
        reply?.cancel();
      }
    }
  }

  /** The answer to one request. Tries again where that may help. */
  async open(begin: number, end: number): Promise<Reply> {
    for (let failures = 0; ; ) {
      try {
        return await this.#ask(begin, end);
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        await this.#tryAgain(++failures, error, begin);
      }
    }
  }

  async #tryAgain(failures: number, error: Broken, position: number): Promise<void> {
    const most = this.version ? maxFailures.underWay : maxFailures.first;
    if (failures >= most) {
      const what = this.version ? `the download broke off at byte ${position}` : "the address cannot be reached";
      throw failure(this.#place, `${what} (${error.message}; ${most} tries)`, "Check the address and the connection; another site must allow this page by CORS.", { cause: error, details: { position } });
    }
    await pause(failures, this.#options);
  }

  async #ask(begin: number, end: number): Promise<Reply> {
    const { signal, headers, stallMs = defaultStallMs } = this.#options;
    const abort = new AbortController();
    const limits = { signal, limitMs: stallMs };
    let response: Response;
    try {
      const condition = begin > 0 && this.version && isSameSite(this.#address) ? rangeCondition(this.version) : undefined;
      const range = `bytes=${begin}-${end === Infinity ? "" : end - 1}`;
      // Kept by us where it is to be kept at all.
      response = await within(fetch(this.#address, { headers: { ...headers, Range: range, ...(condition !== undefined && { "If-Range": condition }) }, cache: "no-store", signal: abort.signal }), limits);
    } catch (error) {
      abort.abort();
      throw this.#brokenBy(error);
    }
    try {
      return { ...this.#check(response, begin), body: this.#body(response), cancel: () => abort.abort() };
    } catch (error) {
      abort.abort();
      throw error;
    }
  }

  #check(response: Response, asked: number): Omit<Reply, "body" | "cancel"> {
    const { status, statusText, headers } = response;
    const at = parseContentRange(headers.get("Content-Range"));
    // Nothing of an empty file can be asked for.
    const isEmpty = status === 416 && headers.get("Content-Range") === "bytes */0" && asked === 0;
    if (isBusy(status)) throw new Broken(`the server answers ${status}`);
    if (status !== 200 && status !== 206 && !isEmpty) {
      const isChanged = status === 416 && this.version !== undefined;
      if (isChanged) throw this.#changed();
      throw failure(this.#place, `the server answers ${status} ${statusText}`.trimEnd(), status === 401 || status === 403 ? "Check that you may read it; `headers` can carry a token." : "Check the address.", { details: { status } });
    }
    const isPartial = status === 206;
    if (isPartial && (at?.begin ?? asked) !== asked) throw failure(this.#place, `the server was asked for bytes from ${asked} on and gives them from ${at?.begin}`, "The server or something before it is at fault; fetch the file by other means.");
    const length = headers.get("Content-Length");
    const isPlain = !headers.get("Content-Encoding") || headers.get("Content-Encoding") === "identity";
    const version: Version = {
      etag: headers.get("ETag") ?? undefined,
      lastModified: headers.get("Last-Modified") ?? undefined,
      sizeBytes: isEmpty ? 0 : isPartial ? at?.sizeBytes : isPlain && length !== null ? Number(length) : undefined,
    };
    if (this.version && !mayBeSame(this.version, version)) throw this.#changed();
    this.version ??= version;
    return { begin: isPartial ? asked : 0, isPartial: isPartial || isEmpty, version };
  }

  #changed() {
    return failure(this.#place, "the file changed on the server while it was read", "Open it anew.", { details: { version: this.version } });
  }

  async *#body(response: Response): AsyncGenerator<Uint8Array> {
    const { signal, stallMs = defaultStallMs } = this.#options;
    const reader = response.status === 416 ? undefined : response.body?.getReader();
    try {
      for (;;) {
        const { done, value } = (await within(reader?.read() ?? Promise.resolve({ done: true, value: undefined }), { signal, limitMs: stallMs })) as { done: boolean; value?: Uint8Array };
        if (done) return;
        yield value!;
      }
    } catch (error) {
      throw this.#brokenBy(error);
    }
  }

  #brokenBy(error: unknown): unknown {
    if (this.#options.signal?.aborted) return this.#options.signal.reason;
    if (error instanceof Broken) return error;
    const { message, cause } = error as Error;
    return new Broken((cause as { code?: string } | undefined)?.code ?? message, { cause: error });
  }
}

/** `If-Range` to another site would make a browser ask first, and many sites refuse then. The answer's version is compared in any case. */
function isSameSite(address: string): boolean {
  const { location } = globalThis as { location?: { href: string; origin: string } };
  return location === undefined || new URL(address, location.href).origin === location.origin;
}
