import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointError } from "@multiway/errors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesSource } from "./files/memory.ts";
import { crc32 } from "./formats/pytorch/crc32.ts";
import { readPickle } from "./formats/pytorch/pickle-read.ts";
import { beginOf, readEntry, readZipDirectory } from "./formats/pytorch/zip-directory.ts";
import { ZipWriter } from "./formats/pytorch/zip-write.ts";
import type { HostTensor } from "./formats/safetensors-write.ts";
import { runCheckpointCase } from "./golden.ts";
import { describeCheckpoint, openCheckpoint, saveCheckpoint } from "./index.ts";

const fixture = (name: string): Promise<Uint8Array> => readFile(new URL(`../fixtures/${name}`, import.meta.url)).then((bytes) => new Uint8Array(bytes));
const place = { caller: "test", file: "file" };

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "multiway-pytorch-"))));
afterAll(() => rm(folder, { recursive: true }));

test("files of the official code are read bit for bit, in both forms", async () => {
  const results = await runCheckpointCase(JSON.parse(new TextDecoder().decode(await fixture("read.json"))), fixture);
  expect(results).toHaveLength(9);
  for (const { name, where } of results) expect(`${name}: ${where}`).toBe(`${name}: `);
});

test("a wrong value is noticed", async () => {
  const manifest = JSON.parse(new TextDecoder().decode(await fixture("read.json"))) as { plain_values: { training: Record<string, unknown> } };
  manifest.plain_values.training["epoch"] = 5;
  const results = await runCheckpointCase(manifest, fixture);
  expect(results.filter(({ passed }) => !passed).map(({ name, where }) => [name.split(" ")[0], where])).toEqual([["training_zip", "epoch: 4; expected 5"], ["training_legacy", "epoch: 4; expected 5"]]);
});

describe("openCheckpoint of a PyTorch file", () => {
  test("takes the part that holds the parameters, or the one that is named", async () => {
    const bytes = await fixture("training_zip.pth");
    await using reader = await openCheckpoint(bytes);
    expect([reader.format, [...reader.entries.keys()].every((name) => /^(beit3|head|mim_head|fc_norm)\./.test(name))]).toEqual(["pytorch", true]);
    await using optimizer = await openCheckpoint(bytes, { part: "optimizer" });
    expect([...optimizer.entries.keys()][0]).toMatch(/^state\.\d+\./);
    await expect(openCheckpoint(bytes, { part: "ema" })).rejects.toThrow('there is no "ema" in it; it has');
    await using module = await openCheckpoint(await fixture("views_legacy.pth"));
    expect(module.entries.get("transposed")!.shape).toEqual([8, 6]);
  });

  test("does not mind its name, and reads blobs in parts", async () => {
    const path = join(folder, "weights.zip");
    await writeFile(path, await fixture("retrieval_zip.pth"));
    await using reader = await openCheckpoint(path);
    await using blob = await openCheckpoint(new Blob([(await fixture("retrieval_legacy.pth")) as Uint8Array<ArrayBuffer>]));
    expect([...blob.entries.keys()]).toEqual([...reader.entries.keys()]);
    const [name] = reader.entries.keys();
    expect((await blob.read(name!)).bytes).toEqual((await reader.read(name!)).bytes);
  });

  test("is described whole", async () => {
    const { format, root } = await describeCheckpoint(await fixture("training_legacy.pth"));
    expect([format, root.children.map(({ name }) => name)]).toEqual(["pytorch", ["model", "optimizer"]]);
  });

  test.each(["views_zip.pth", "views_legacy.pth"])("says of every shorter file that it is damaged: %s", async (name) => {
    const bytes = await fixture(name);
    for (let length = 4; length < bytes.length; length += 7) {
      const error: unknown = await openCheckpoint(bytes.slice(0, length), { part: "" }).then(() => undefined, (caught: unknown) => caught);
      expect(error).toBeInstanceOf(CheckpointError);
    }
  });

  test.each(["views_zip.pth", "views_legacy.pth"])("never fails in another way, whatever byte is wrong: %s", async (name) => {
    const bytes = await fixture(name);
    for (let position = 4; position < bytes.length; position += 3) {
      const broken = bytes.slice();
      broken[position]! ^= 0x55;
      try {
        await using reader = await openCheckpoint(broken, { part: "" });
        for (const entry of reader.entries.keys()) await reader.read(entry);
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
    }
  });
});

describe("a pickle", () => {
  const read = (text: string) => readPickle(Uint8Array.from(text, (character) => character.charCodeAt(0)), place, { persistent: () => 0 }).value;

  test.each([
    ["protocol 0", "(lp0\nI1\naI01\naF2.5\naL12345678901234567890L\naS'a\\n\\x41'\naV\\u6f22\nag0\na.", (value: unknown) => (value as unknown[]).slice(0, 6), [1, true, 2.5, 12345678901234567890n, "a\nA", "漢"]],
    ["negative long numbers", "\x80\x02\x8a\x02\x00\xff.", (value: unknown) => value, -256],
    ["sets and tuples", "\x80\x04\x8f(K\x01K\x02\x90.", (value: unknown) => [...(value as Set<unknown>)], [1, 2]],
    ["namespaces", "\x80\x02cargparse\nNamespace\n)\x81}X\x02\x00\x00\x00lrK\x07sb.", (value: unknown) => [...(value as Map<unknown, unknown>)], [["lr", 7]]],
    ["numbers of NumPy", "\x80\x02cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbU\x00c_codecs\nencode\nX\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40X\x06\x00\x00\x00latin1\x86R\x86R.".replace("U\x00", ""), (value: unknown) => value, 2],
  ])("of %s", (_, text, view, expected) => {
    expect(view(read(text))).toEqual(expected);
  });

  test.each([
    ["cos\nsystem\n(S'true'\ntR.", '"os.system"'],
    ["c__builtin__\neval\n(S'1'\ntR.", '"__builtin__.eval"'],
    ["\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.", '"os.system"'],
    ["(S'true'\nios\nsystem\n.", "opcode 0x69"],
    ["c__main__\nNet\n)\x81.", '"__main__.Net"'],
    ["ccollections\nOrderedDict\n(K\x01tR.", "collections.OrderedDict is called with 1 arguments that do not fit"],
    ["\x80\x09.", "protocol 9"],
    ["h\x05.", "value 5 is asked for before it is there"],
    ["K\x01K\x02.", "1 values are left over"],
    ["t.", "a container has no beginning"],
    ["K\x01K\x02a.", "items are appended to what is no list"],
  ])("runs nothing and says what it refuses: %j", (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(CheckpointError);
  });

  test("that shares a list a billion times is refused", async () => {
    // Each level holds the one below ten times.
    const levels = Array.from({ length: 12 }, (_, level) => `(${`h${String.fromCharCode(level)}`.repeat(10)}lq${String.fromCharCode(level + 1)}`).join("");
    const entries: [string, Uint8Array][] = [["a/data.pkl", Uint8Array.from(`\x80\x02(lq\x00${levels}.`, (c) => c.charCodeAt(0))]];
    // What was pushed before the last level is left over, so each is dropped.
    entries[0]![1] = Uint8Array.from(`\x80\x02(lq\x000${levels.replaceAll(/lq(.)/gs, "lq$10")}h\x0c.`, (c) => c.charCodeAt(0));
    await expect(openCheckpoint(await zip(entries), { part: "" })).rejects.toThrow("nested too deeply, or too many");
  });
});

/** The bytes of an archive. */
async function zip(entries: readonly (readonly [string, Uint8Array])[], options?: { limit: number }): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const writer = new ZipWriter(async (bytes) => void parts.push(bytes.slice()), options);
  for (const [name, bytes] of entries) await writer.add(name, bytes);
  await writer.finish();
  return new Uint8Array(Buffer.concat(parts));
}

describe("zip archives", () => {
  const entries = [["a/one", Uint8Array.of(1, 2, 3)], ["a/empty", new Uint8Array()], ["a/ü", new Uint8Array(1000).fill(7)]] as const;
  test.each([undefined, { limit: 100 }, { limit: 1 }])("come back, with 64-bit records too: %j", async (options) => {
    const bytes = await zip(entries, options);
    const source = bytesSource(bytes);
    const found = [...(await readZipDirectory(source, place)).values()];
    expect(await Promise.all(found.map(async (entry) => [entry.name, await readEntry(source, entry, place)]))).toEqual(entries.map((entry) => [...entry]));
    for (const entry of found) expect((await beginOf(source, entry, place)) % 64).toBe(0);
  });
  test("are refused where compressed, encrypted or double", async () => {
    const bytes = await zip([["a", Uint8Array.of(1)]]);
    const directory = bytes.length - 22 - 47;
    const changed = (at: number, value: number) => readZipDirectory(bytesSource(bytes.with(directory + at, value) as Uint8Array), place);
    await expect(changed(10, 8)).rejects.toThrow('"a" in it is compressed');
    await expect(changed(8, 1)).rejects.toThrow('"a" in it is encrypted');
    await expect(readZipDirectory(bytesSource(await zip([["a", Uint8Array.of(1)], ["a", Uint8Array.of(2)]])), place)).rejects.toThrow('"a" twice');
  });
  test("have the checksum of ISO 3309", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    expect(crc32(new TextEncoder().encode("The quick brown fox jumps over the lazy dog"))).toBe(0x414fa339);
  });
});

describe("saveCheckpoint to a PyTorch file", () => {
  const tensors: Record<string, HostTensor> = {
    "layer.weight": { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    "layer.half": { shape: [2], data: Uint16Array.of(0x3c00, 0xc000), type: "F16" },
    "layer.brain": { shape: [1, 2], data: Uint16Array.of(0x3f80, 0xbf80), type: "BF16" },
    count: { shape: [], data: Uint32Array.of(4_000_000_000) },
    ids: { shape: [2], data: BigInt64Array.of(-1n, 2n ** 40n) },
    empty: { shape: [0, 4], data: new Float32Array() },
    flag: { shape: [2], data: Uint8Array.of(0, 1), type: "BOOL" },
  };

  test("gives back what went in", async () => {
    const path = join(folder, "saved.pth");
    await saveCheckpoint(path, tensors, { preset: "tiny" });
    await using reader = await openCheckpoint(path);
    expect([...reader.entries.keys()]).toEqual(Object.keys(tensors));
    for (const [name, { data, shape, type }] of Object.entries(tensors)) {
      const stored = await reader.read(name);
      expect([stored.shape, stored.type]).toEqual([shape, type ?? (name === "count" ? "I64" : name === "ids" ? "I64" : "F32")]);
      expect([...stored.elements].map(Number)).toEqual([...(data as Iterable<number>)].map(Number));
    }
    expect([...(reader.objects as ReadonlyMap<string, unknown>).keys()]).toEqual(["model", "preset"]);
  });

  test("under another key, or none", async () => {
    const path = join(folder, "bare.bin");
    await saveCheckpoint(path, tensors, {}, { part: "" });
    await using reader = await openCheckpoint(path, { part: "" });
    expect([...reader.entries.keys()]).toEqual(Object.keys(tensors));
    await expect(saveCheckpoint(path, tensors, { a: "b" }, { part: "" })).rejects.toThrow("no part to hold those");
    await saveCheckpoint(join(folder, "plain.safetensors"), tensors, {}, { format: "pytorch", part: "module" });
    await using module = await openCheckpoint(join(folder, "plain.safetensors"));
    expect(module.entries.size).toBe(7);
  });
});
