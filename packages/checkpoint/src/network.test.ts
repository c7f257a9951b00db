import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointError } from "@multiway/errors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeCheckpoint, encodeSafetensors, openCheckpoint, saveCheckpoint, type DownloadProgress, type HostTensor, type SourceOptions, type StoredTensor } from "./index.ts";
import { serve, type Behaviour } from "./test-server.samples.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "multiway-network-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const sequence = (length: number, seed: number): HostTensor => ({ shape: [length], data: Int32Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1) ^ seed) });
/** 12 MB: more than a part of a cache, and more than sockets hold. */
const tensors: Record<string, HostTensor> = { a: sequence(1_000_000, 1), b: sequence(2_000_000, 2), c: sequence(5, 3) };
const bytes = encodeSafetensors(tensors);
const versioned = { bytes, etag: '"one"', lastModified: "Sat, 28 Nov 2026 00:00:00 GMT" };

async function readAll(source: string | ReadableStream<Uint8Array>, options?: SourceOptions): Promise<void> {
  await using checkpoint = await openCheckpoint(source, { pauseMs: 10, ...options });
  for (const [name, tensor] of Object.entries(tensors)) expectSame(await checkpoint.read(name), tensor);
}
const expectSame = (given: StoredTensor, { data }: HostTensor): void => expect(Buffer.compare(given.bytes, new Uint8Array(data.buffer))).toBe(0);

const refused = async (source: string, options?: SourceOptions): Promise<string> => {
  const error: unknown = await readAll(source, options).then(() => undefined, (caught: unknown) => caught);
  expect(CheckpointError.isInstance(error)).toBe(true);
  return (error as Error).message;
};

describe("an address", () => {
  it("gives its header for one small request", async () => {
    await using server = await serve(versioned);
    await describeCheckpoint(`${server.address}?token=secret`);
    expect(server.requests).toEqual(["bytes=0-262143"]);
  });
  it("gives its tensors in one answer when they are read in order", async () => {
    await using server = await serve(versioned);
    const progress: DownloadProgress[] = [];
    await readAll(server.address, { onProgress: (one) => progress.push(one), headers: { Authorization: "Bearer key" } });
    expect(server.requests).toEqual(["bytes=0-262143", "bytes=262144-"]);
    expect(server.headers[1]).toMatchObject({ authorization: "Bearer key", "if-range": '"one"' });
    expect(progress.at(-1)).toEqual({ receivedBytes: bytes.length, totalBytes: bytes.length });
    expect(progress.length).toBeGreaterThan(10);
  });
  it("gives one tensor without those before it", async () => {
    await using server = await serve(versioned);
    await using checkpoint = await openCheckpoint(server.address);
    expect((await checkpoint.read("c")).elements).toEqual(tensors["c"]!.data);
    expect(server.sentBytes).toBeLessThan(300_000);
  });
  it("gives PyTorch's files as well, in order and in few requests", async () => {
    const path = join(folder, "many.pth");
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`layers.${index}.weight`, sequence(10_000, index)]));
    await saveCheckpoint(path, many);
    await using server = await serve({ ...versioned, bytes: await readFile(path) });
    await using checkpoint = await openCheckpoint(server.address);
    for (const [name, tensor] of Object.entries(many)) expectSame(await checkpoint.read(name), tensor);
    expect(server.requests.length).toBeLessThan(6);
    expect(server.sentBytes).toBeLessThan(1.3 * 4_000_000);
  });

  it.each<[string, Partial<Behaviour>]>([
    ["breaks again and again", { breaksAfter: [100, 262_144, 1_000_000, 5_000_000, 0, 0] }],
    ["breaks and knows no ranges", { ignoresRanges: true, breaksAfter: [1_000_000, 8_000_000] }],
    ["knows no ranges", { ignoresRanges: true }],
    ["has no tags, only dates", { etag: undefined, breaksAfter: [262_144, 3_000_000] }],
    ["has weak tags", { etag: 'W/"one"', lastModified: undefined, breaksAfter: [262_144, 3_000_000] }],
    ["tells no versions apart", { etag: undefined, lastModified: undefined, breaksAfter: [262_144, 3_000_000] }],
    ["is busy at times", { statuses: [503, 429] }],
    ["says no sizes", { ignoresRanges: true, compresses: true }],
    ["stalls", { stallsAfter: [262_144, 2_000_000] }],
    ["stalls before it begins", { stallsAfter: [0] }],
  ])("is read from a server that %s", async (_, behaviour) => {
    await using server = await serve({ ...versioned, ...behaviour });
    await readAll(server.address, { stallMs: 300 });
  });
  it("asks for what is missing alone", async () => {
    await using server = await serve({ ...versioned, breaksAfter: [262_144, 5_000_000] });
    await readAll(server.address);
    expect(server.requests).toEqual(["bytes=0-262143", "bytes=262144-", expect.stringMatching(/^bytes=[1-5]\d{6}-$/)]);
  });

  it.each<[string, Partial<Behaviour>, string]>([
    ["has no such file", { statuses: [404] }, "the server answers 404 Not Found. Check the address."],
    ["wants a key", { statuses: [401] }, "401 Unauthorized. Check that you may read it; `headers` can carry a token."],
    ["fails for good", { statuses: [500, 500, 500] }, "the address cannot be reached (the server answers 500; 3 tries)"],
    ["promises more than it has", { claimsMore: 1000, ignoresRanges: true }, "the download broke off at byte 1200"],
    ["gives other parts than asked", { shiftedBy: 8 }, "was asked for bytes from 0 on and gives them from 8"],
    ["breaks every time at once", { breaksAfter: [262_144, 0, 0, 0, 0, 0] }, "the download broke off at byte 262144"],
    ["has an empty file", { bytes: new Uint8Array() }, "the file has 0 bytes; expected at least 8"],
  ])("is refused from a server that %s", async (_, behaviour, message) => {
    await using server = await serve({ ...versioned, ...behaviour });
    expect(await refused(`${server.address}?token=secret`)).toContain(message);
  });
  it("stays out of messages as far as it holds keys", async () => {
    await using server = await serve({ ...versioned, statuses: [404] });
    const message = await refused(`${server.address}?token=secret`);
    expect(message).toContain("/models/model.safetensors");
    expect(message).not.toContain("secret");
  });
  it.each([{}, { ignoresRanges: true }])("of a file that changes is refused: %j", async (ranges) => {
    await using server = await serve({ ...versioned, ...ranges, breaksAfter: [262_144, 3_000_000] });
    const message = refused(server.address, { onProgress: ({ receivedBytes }) => void (receivedBytes > 300_000 || ("ignoresRanges" in ranges && receivedBytes > 200_000) ? (server.behaviour.etag = '"two"') : 0) });
    expect(await message).toContain("the file changed on the server while it was read. Open it anew.");
  });
});

describe("an abort signal", () => {
  const reason = new Error("enough");
  it("ends a download and lets go of the server", async () => {
    await using server = await serve(versioned);
    const abort = new AbortController();
    const read = readAll(server.address, { signal: abort.signal, onProgress: ({ receivedBytes }) => receivedBytes > 2_000_000 && abort.abort(reason) });
    await expect(read).rejects.toBe(reason);
    expect(server.requests).toHaveLength(2);
  });
  it("ends waiting", async () => {
    await using server = await serve({ ...versioned, stallsAfter: [0, 0, 0] });
    await expect(readAll(server.address, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ name: "TimeoutError" });
  });
  it("that has come before begins nothing", async () => {
    await using server = await serve(versioned);
    await expect(readAll(server.address, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });
  it("ends reading files, too", async () => {
    const abort = new AbortController();
    await using checkpoint = await openCheckpoint(new Blob([bytes as Uint8Array<ArrayBuffer>]), { signal: abort.signal });
    await checkpoint.read("c");
    abort.abort(reason);
    await expect(checkpoint.read("c")).rejects.toBe(reason);
  });
});

describe("a cache", () => {
  const cacheIn = (name: string): string => join(folder, `cache-${name}`);
  it("asks the server once, and then only whether the file is the same", async () => {
    const cache = cacheIn("once");
    await using server = await serve(versioned);
    await readAll(server.address, { cache });
    const before = server.sentBytes;
    await readAll(server.address, { cache });
    expect(server.requests.at(-1)).toBe("bytes=0-0");
    expect(server.sentBytes).toBe(before + 1);
    expect((await readdir(cache)).filter((name) => name.startsWith("."))).toEqual([]);
  });
  it("keeps what came before a break, and goes on there", async () => {
    const cache = cacheIn("resume");
    await using server = await serve({ ...versioned, breaksAfter: [262_144, 9_000_000, 0, 0, 0, 0, 0] });
    await refused(server.address, { cache });
    const before = server.sentBytes;
    server.behaviour.breaksAfter = [];
    await readAll(server.address, { cache });
    expect(server.sentBytes - before).toBe(1 + bytes.length - 8 * 2 ** 20);
  });
  it("serves what it has in full when the server is gone", async () => {
    const cache = cacheIn("offline");
    let address: string;
    {
      await using server = await serve(versioned);
      ({ address } = server);
      await readAll(address, { cache });
    }
    await readAll(address, { cache });
    expect(await refused(`${address}?other`, { cache })).toContain("the address cannot be reached");
  });
  it("does not hide that the server says no", async () => {
    const cache = cacheIn("no");
    await using server = await serve(versioned);
    await readAll(server.address, { cache });
    server.behaviour.statuses = [404];
    expect(await refused(server.address, { cache })).toContain("404");
  });
  it.each([{}, { ignoresRanges: true }])("takes a new version, and drops the old one: %j", async (ranges) => {
    const cache = cacheIn(`new-${Object.keys(ranges).length}`);
    await using server = await serve({ ...versioned, ...ranges, bytes: encodeSafetensors({ c: { shape: [1], data: Int32Array.of(0) } }), etag: '"zero"' });
    await describeCheckpoint(server.address, { cache });
    server.behaviour = { ...versioned, ...ranges };
    await readAll(server.address, { cache });
    await readAll(server.address, { cache });
    expect((await readdir(cache)).length).toBe(1 + Math.ceil(bytes.length / (8 * 2 ** 20)));
  });
  it("does not trust parts of another size", async () => {
    const cache = cacheIn("cut");
    await using server = await serve(versioned);
    await readAll(server.address, { cache });
    for (const name of await readdir(cache)) await truncate(join(cache, name), 5);
    await readAll(server.address, { cache });
  });
  it("is left alone where versions cannot be told apart", async () => {
    const cache = cacheIn("unversioned");
    await using server = await serve({ bytes });
    await readAll(server.address, { cache });
    expect(await readdir(cache)).toEqual([]);
  });
  it("that cannot be made is named", async () => {
    await writeFile(join(folder, "plain"), "");
    await using server = await serve(versioned);
    expect(await refused(server.address, { cache: join(folder, "plain/cache") })).toMatch(/it cannot be kept in .*plain.cache \((ENOTDIR|EEXIST)\)\. Make room, choose another folder for `cache`/);
  });
  it("may be shared by calls at one time", async () => {
    const cache = cacheIn("shared");
    await using server = await serve(versioned);
    await Promise.all([1, 2, 3].map(() => readAll(server.address, { cache })));
  });
});

describe("a stream", () => {
  const chunked = (end?: (controller: ReadableStreamDefaultController<Uint8Array>) => void): ReadableStream<Uint8Array> => {
    let at = 0;
    return new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) return void (end ?? ((one) => one.close()))(controller);
        controller.enqueue(bytes.slice(at, (at += 1_000_003)));
      },
    });
  };
  const temporaries = async () => (await readdir(tmpdir())).filter((name) => /^multiway-\w{6}$/.test(name)).length;
  it("is read, and leaves nothing behind", async () => {
    const before = await temporaries();
    const progress: DownloadProgress[] = [];
    await readAll(chunked(), { onProgress: (one) => progress.push(one) });
    expect(progress.at(-1)).toEqual({ receivedBytes: bytes.length, totalBytes: undefined });
    expect(await temporaries()).toBeLessThanOrEqual(before);
  });
  it("that breaks is named", async () => {
    await expect(openCheckpoint(chunked((controller) => controller.error(new Error("gone"))))).rejects.toThrow(`openCheckpoint: "stream": the stream broke off after ${bytes.length} bytes (gone)`);
  });
  it("of something else is refused, and told so", async () => {
    let told: unknown;
    const wrong = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue("text" as never), cancel: (reason) => void (told = reason) });
    await expect(openCheckpoint(wrong)).rejects.toThrow("the stream gives a string");
    expect(told).toBeInstanceOf(CheckpointError);
  });
  it("that somebody reads is refused", async () => {
    const stream = chunked();
    stream.getReader();
    await expect(openCheckpoint(stream)).rejects.toThrow("the stream is being read by somebody else");
  });
});
