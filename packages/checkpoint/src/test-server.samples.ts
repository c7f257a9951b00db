import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How a server treats a file; changed at will while it runs. */
export interface Behaviour {
  bytes: Uint8Array;
  etag?: string | undefined;
  lastModified?: string | undefined;
  /** Answers all of the file to whatever is asked. */
  ignoresRanges?: boolean;
  /** Breaks each of the next answers after so many bytes. */
  breaksAfter?: number[];
  /** The next answers have these codes. */
  statuses?: number[];
  /** Says that there are so many bytes more than there are. */
  claimsMore?: number;
  /** Sends nothing behind so many bytes, and keeps the connection. */
  stallsAfter?: number[];
  /** Begins so many bytes off what is asked. */
  shiftedBy?: number;
  compresses?: boolean;
  /** Files beside it. */
  others?: Readonly<Record<string, Uint8Array>>;
}

export interface TestServer extends AsyncDisposable {
  address: string;
  behaviour: Behaviour;
  /** The `Range` of each request so far. */
  requests: (string | undefined)[];
  headers: IncomingMessage["headers"][];
  paths: string[];
  sentBytes: number;
}

/** A server of one file that behaves as badly as it is told. */
export async function serve(behaviour: Behaviour): Promise<TestServer> {
  const server = createServer((request, response) => answer(state, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const state: TestServer = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/model.safetensors`,
    behaviour,
    requests: [],
    headers: [],
    paths: [],
    sentBytes: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

function answer(state: TestServer, { headers, url = "" }: IncomingMessage, response: ServerResponse): void {
  const { behaviour } = state;
  const { etag, lastModified, others = {} } = behaviour;
  const bytes = others[new URL(url, "http://localhost").pathname.split("/").at(-1)!] ?? behaviour.bytes;
  state.paths.push(url);
  state.requests.push(headers.range);
  state.headers.push(headers);
  const status = behaviour.statuses?.shift();
  if (status !== undefined) return void response.writeHead(status).end("no");
  if (etag !== undefined) response.setHeader("ETag", etag);
  if (lastModified !== undefined) response.setHeader("Last-Modified", lastModified);
  const condition = headers["if-range"];
  const isCurrent = condition === undefined || condition === etag || condition === lastModified;
  const match = behaviour.ignoresRanges || !isCurrent ? null : /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "");
  let body = bytes;
  const total = bytes.length + (behaviour.claimsMore ?? 0);
  if (match) {
    const begin = Number(match[1]) + (behaviour.shiftedBy ?? 0);
    const end = Math.min(bytes.length, match[2] ? Number(match[2]) + 1 : Infinity);
    if (begin >= bytes.length) return void response.writeHead(416, { "Content-Range": `bytes */${total}` }).end();
    response.statusCode = 206;
    body = bytes.subarray(begin, end);
    response.setHeader("Content-Range", `bytes ${begin}-${end - 1}/${total}`);
  }
  if (!behaviour.compresses) response.setHeader("Content-Length", body.length + (match ? 0 : (behaviour.claimsMore ?? 0)));
  const broken = behaviour.breaksAfter?.shift();
  const stalled = behaviour.stallsAfter?.shift();
  const sent = body.subarray(0, broken ?? stalled ?? body.length);
  state.sentBytes += sent.length;
  response.write(sent, () => {
    if (stalled !== undefined && sent.length < body.length) return;
    if ((broken !== undefined && sent.length < body.length) || behaviour.claimsMore) response.destroy();
    else response.end();
  });
}
