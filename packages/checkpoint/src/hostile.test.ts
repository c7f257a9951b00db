import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { CheckpointError } from "@multiway/errors";
import { beforeAll, describe, expect, it } from "vitest";
import { sizeBytes } from "./formats/element-types.ts";
import { Draws, mutate, pickle, torchZip } from "./hostile.samples.ts";
import { encodeSafetensors, openCheckpoint, type CheckpointSource, type HostTensor, type OpenOptions } from "./index.ts";
import { statisticsOf } from "./statistics.ts";

const tensors: Record<string, HostTensor> = {
  "layer.weight": { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  "layer.bias": { shape: [2], data: Uint16Array.of(0x3c00, 0xc000), type: "F16" },
  count: { shape: [], data: BigInt64Array.of(4n) },
  empty: { shape: [0, 4], data: new Float32Array() },
};
const fixture = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(`../fixtures/${name}`, import.meta.url)));
const index = new TextEncoder().encode(JSON.stringify({ metadata: { total_size: 36 }, weight_map: { "layer.weight": "a", "layer.bias": "a", count: "b", empty: "b" } }));
const { "layer.weight": weight, "layer.bias": bias, count, empty } = tensors as Record<string, HostTensor>;
const shards: Record<string, Uint8Array> = { a: encodeSafetensors({ "layer.weight": weight!, "layer.bias": bias! }), b: encodeSafetensors({ count: count!, empty: empty! }) };

/** Reads all there is. What comes must be whole: as many bytes as type and shape say, and figures of each. */
async function readAll(source: CheckpointSource, options: OpenOptions = {}): Promise<void> {
  await using reader = await openCheckpoint(source, options);
  for (const [name, { type, shape }] of reader.entries) {
    const stored = await reader.read(name);
    if (stored.bytes.length !== sizeBytes(type, shape)) throw new Error(`${name} has ${stored.bytes.length} bytes; expected ${sizeBytes(type, shape)}`);
    if (statisticsOf(stored).elementCount !== stored.elements.length) throw new Error(`${name}: elements are lost`);
  }
}

/** What went wrong in another way than by a CheckpointError, or took too long. */
async function attempt(source: CheckpointSource, options?: OpenOptions): Promise<{ isRead: boolean; wrong: unknown }> {
  const start = performance.now();
  const error: unknown = await readAll(source, options).then(() => undefined, (caught: unknown) => caught);
  // A mutation is read in a millisecond; this is for what hangs.
  const isSlow = performance.now() - start > 5000;
  return { isRead: error === undefined, wrong: isSlow ? new Error("it took more than five seconds") : CheckpointError.isInstance(error) ? undefined : error };
}

const files: Record<string, { bytes: Uint8Array; options?: OpenOptions }> = {};
beforeAll(async () => {
  files["zip"] = { bytes: await torchZip(pickle(views), { 0: new Uint8Array(24), 1: new Uint8Array(16) }), options: { part: "" } };
  files["zip of the official code"] = { bytes: await fixture("views_zip.pth"), options: { part: "" } };
  files["legacy"] = { bytes: await fixture("views_legacy.pth"), options: { part: "" } };
  files["safetensors"] = { bytes: encodeSafetensors(tensors, { step: "3" }) };
  files["index"] = { bytes: index, options: { shard: (name) => shards[name] } };
});

const storage = (key: number, kind: string, length: string): string => `(X\x07\0\0\0storagectorch\n${kind}Storage\nX\x01\0\0\0${key}X\x03\0\0\0cpu${length}tQ`;
const rebuild = (inner: string, offset: string, shape: string, strides: string): string => `ctorch._utils\n_rebuild_tensor_v2\n(${inner}${offset}(${shape}t(${strides}t\x89ccollections\nOrderedDict\n)RtR`;
/** Two views of one storage, one of them turned, a tensor of halves, a number and a text. */
const views = `\x80\x02}(X\x01\0\0\0a${rebuild(storage(0, "Float", "K\x06"), "K\0", "K\x02K\x03", "K\x03K\x01")}X\x01\0\0\0b${rebuild(storage(0, "Float", "K\x06"), "K\0", "K\x03K\x02", "K\x01K\x03")}X\x01\0\0\0h${rebuild(storage(1, "Half", "K\x08"), "K\x02", "K\x04", "K\x01")}X\x05\0\0\0epochK\x03X\x04\0\0\0nameX\x03\0\0\0abcu.`;

describe.each(["zip", "zip of the official code", "legacy", "safetensors", "index"])("%s", (name) => {
  it("is read as it is", async () => {
    const { bytes, options } = files[name]!;
    await readAll(bytes, options);
  });
  it("gives typed errors or whole tensors for 2000 mutations, in bounded time and memory", { timeout: 120_000 }, async () => {
    const { bytes, options } = files[name]!;
    let [read, refused] = [0, 0];
    for (let round = 0; round < 2000; round++) {
      const { isRead, wrong } = await attempt(mutate(bytes, new Draws(round)), options);
      if (wrong) throw new Error(`mutation ${round}`, { cause: wrong });
      if (isRead) read++;
      else refused++;
      if (round % 100 === 0) expect(process.memoryUsage().arrayBuffers).toBeLessThan(512 * 2 ** 20);
    }
    // Mutations reach both: what is refused, and numbers that nobody can tell from others.
    expect(refused).toBeGreaterThan(300);
    expect(read).toBeGreaterThan(name === "index" ? 5 : 50);
  });
  it("is refused wherever it is cut", { timeout: 60_000 }, async () => {
    const { bytes, options } = files[name]!;
    const step = Math.max(1, Math.floor(bytes.length / 4000));
    for (let length = 0; length < bytes.length; length += step) {
      const { isRead, wrong } = await attempt(bytes.slice(0, length), options);
      expect({ length, isRead, wrong }).toEqual({ length, isRead: false, wrong: undefined });
    }
  });
});

it("shards of an index may be as broken as other files", async () => {
  for (let round = 0; round < 500; round++) {
    const { wrong } = await attempt(index, { shard: (name) => mutate(shards[name]!, new Draws(round)) });
    if (wrong) throw new Error(`mutation ${round}`, { cause: wrong });
  }
});

describe("a PyTorch file made to do harm", () => {
  const refuses = async (data: string, message: string | RegExp, storages = {}): Promise<void> => {
    const start = performance.now();
    const error: unknown = await readAll(await torchZip(pickle(data), storages), { part: "" }).then(() => undefined, (caught: unknown) => caught);
    expect(CheckpointError.isInstance(error)).toBe(true);
    expect((error as Error).message).toMatch(message);
    expect(performance.now() - start).toBeLessThan(10_000);
  };

  it("that runs a command", async () => {
    for (const module of ["os", "posix", "nt", "subprocess", "builtins", "torch.serialization"]) {
      await refuses(`\x80\x02c${module}\nsystem\nX\x04\0\0\0true\x85R.`, `"${module}.system", which is not read: only tensors, numbers, texts and containers of them are, and nothing in a file is ever executed`);
    }
  });
  it("that hides its class in the memo, or in an object's state", async () => {
    await refuses("\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x8c\x04true\x85R.", '"posix.system"');
    await refuses("\x80\x02cargparse\nNamespace\n)\x81}X\x01\0\0\0acos\nsystem\nsb.", '"os.system"');
  });
  it("that copies a container over and over", async () => {
    const many = "K\x01".repeat(20_000);
    await refuses(`\x80\x02cbuiltins\nlist\nq\0(${many}lq\x010${`0h\0h\x01\x85R`.repeat(5000).slice(1)}.`, "containers are made of others over and over");
  });
  it("that counts to the end of the world", async () => {
    await refuses(`\x80\x02\x8b\0\0\x10\0${"\x01".repeat(2 ** 20)}.`, "a whole number has 1048576 bytes");
    await refuses(`L${"9".repeat(2 ** 20)}\n.`, "stands where a whole number should");
  });
  it("that spreads four bytes over a terabyte", async () => {
    const big = "J\0\0\x10\0"; // 2²⁰
    await refuses(`\x80\x02}X\x01\0\0\0x${rebuild(storage(0, "Float", "K\x01"), "K\0", `${big}${big}`, "K\0K\0")}s.`, "would take 4398046511104 bytes and has 4 in the file", { 0: new Uint8Array(4) });
  });
  it("that shares one storage a thousand times", async () => {
    const tensor = rebuild(storage(0, "Float", "J\0\0\x04\0"), "K\0", "J\0\0\x04\0", "K\x01");
    await refuses(`\x80\x02]q\0(${tensor}q\x01${"h\x01".repeat(999)}e.`, "its tensors would take 1048576000 bytes", { 0: new Uint8Array(2 ** 20) });
  });
  it.each<[string, string, string]>([
    ["a negative offset", rebuild(storage(0, "Float", "K\x01"), "J\xff\xff\xff\xff", "K\x01", "K\x01"), "arguments that do not fit"],
    ["an offset beyond the storage", rebuild(storage(0, "Float", "K\x01"), "K\x01", "K\x01", "K\x01"), "reaches element 1; its storage has 1"],
    ["an offset beyond all numbers", rebuild(storage(0, "Float", "K\x01"), "\x8a\x09\0\0\0\0\0\0\0\0\x01", "K\x01", "K\x01"), "arguments that do not fit"],
    ["a negative stride", rebuild(storage(0, "Float", "K\x02"), "K\x01", "K\x02", "J\xff\xff\xff\xff"), "arguments that do not fit"],
    ["strides beyond all numbers", rebuild(storage(0, "Float", "K\x02"), "K\0", "K\x03K\x03", "\x8a\x07\xff\xff\xff\xff\xff\xff\x1f\x8a\x07\xff\xff\xff\xff\xff\xff\x1f"), "its storage has 2"],
    ["a storage that claims more than there is", rebuild(storage(0, "Float", "J\0\0\0\x40"), "K\0", "K\x01", "K\x01"), 'data/0" in it has 8 bytes; expected 4294967296'],
    ["a storage that is not there", rebuild(storage(7, "Float", "K\x01"), "K\0", "K\x01", "K\x01"), 'there is no "data/7" in it'],
  ])("with %s", async (_, tensor, message) => {
    await refuses(`\x80\x02}X\x01\0\0\0x${tensor}s.`, message, { 0: new Uint8Array(8) });
  });
  it("that is a zip bomb", async () => {
    const packed = deflateRawSync(new Uint8Array(2 ** 26));
    const bytes = Uint8Array.from(await torchZip(packed));
    // The directory's record of data.pkl: method 8, and the size that it would have.
    const at = Buffer.from(bytes).lastIndexOf(Buffer.from("504b0102", "hex"));
    bytes[at + 10] = 8;
    new DataView(bytes.buffer).setUint32(at + 24, 2 ** 26, true);
    await expect(readAll(bytes)).rejects.toThrow('"archive/data.pkl" in it is compressed; PyTorch stores tensors as they are');
  });
  it("whose directory points to itself", async () => {
    const bytes = Uint8Array.from(await torchZip(pickle("\x80\x02}.")));
    new DataView(bytes.buffer).setUint32(bytes.length - 6, bytes.length - 22, true);
    await expect(readAll(bytes)).rejects.toThrow(CheckpointError);
  });
});

