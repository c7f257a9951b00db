import { execFileSync, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile, lstat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CheckpointError } from "@multiway/errors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeCheckpoint, encodeSafetensors, formatCheckpoint, openCheckpoint, saveCheckpoint, type FileHandle, type HostTensor } from "./index.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "multiway-checkpoint-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const small: Record<string, HostTensor> = { x: { shape: [2], data: Float32Array.of(1, 2) } };
const large: Record<string, HostTensor> = { x: { shape: [2_000_000], data: new Float32Array(2_000_000) } };
const isRoot = process.getuid?.() === 0;

describe("saveCheckpoint", () => {
  it("writes a file that reads back, and nothing else", async () => {
    const own = await mkdtemp(join(folder, "own-"));
    const path = join(own, "model.safetensors");
    await saveCheckpoint(path, small, { step: "3" });
    await saveCheckpoint(pathToFileURL(path), small, { step: "4" });
    expect(await readdir(own)).toEqual(["model.safetensors"]);
    await using checkpoint = await openCheckpoint(path);
    expect(checkpoint.metadata).toEqual({ step: "4" });
    expect((await checkpoint.read("x")).elements).toEqual(Float32Array.of(1, 2));
    await expect(checkpoint.read("y")).rejects.toThrow('there is no tensor "y"; the file has 1');
  });
  it("writes the bytes of encodeSafetensors", async () => {
    const path = join(folder, "same");
    const mixed: Record<string, HostTensor> = { b: { shape: [3], data: Uint8Array.of(1, 2, 3) }, a: { shape: [1], data: Float64Array.of(0.1) } };
    await saveCheckpoint(path, mixed, { a: "b" });
    expect(new Uint8Array(await readFile(path))).toEqual(encodeSafetensors(mixed, { a: "b" }));
  });
  it("replaces the file behind a symbolic link", async () => {
    const path = join(folder, "behind");
    const link = join(folder, "link");
    await writeFile(path, "old");
    await symlink(path, link);
    await saveCheckpoint(link, small);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(new Uint8Array(await readFile(path))).toEqual(encodeSafetensors(small));
  });
  it.each<[string, string, string]>([
    ["a missing folder", "missing/model.safetensors", "the file cannot be written (ENOENT); what stood there before is unchanged. Check the path; the folder must exist."],
    ["a folder", ".", "cannot be written"],
    ["a file as folder", "plain/model.safetensors", "(ENOTDIR)"],
  ])("names path, cause and remedy for %s", async (_, name, message) => {
    await writeFile(join(folder, "plain"), "");
    const path = join(folder, name);
    const before = await readdir(folder);
    const error = await saveCheckpoint(path, small).then(() => undefined, (caught: unknown) => caught);
    expect(CheckpointError.isInstance(error)).toBe(true);
    expect((error as Error).message).toContain(`saveCheckpoint: ${JSON.stringify(path)}: `);
    expect((error as Error).message).toContain(message);
    expect(await readdir(folder)).toEqual(before);
  });
  it.skipIf(isRoot)("leaves a read-only folder as it was", async () => {
    const locked = join(folder, "locked");
    await mkdir(locked);
    await writeFile(join(locked, "model"), "old");
    await chmod(locked, 0o555);
    await expect(saveCheckpoint(join(locked, "model"), small)).rejects.toThrow("(EACCES); what stood there before is unchanged. You lack the permission");
    await chmod(locked, 0o755);
    expect(await readdir(locked)).toEqual(["model"]);
    expect(await readFile(join(locked, "model"), "utf8")).toBe("old");
  });
  it("keeps the old file when a tensor cannot be read", async () => {
    const own = await mkdtemp(join(folder, "broken-"));
    const path = join(own, "model");
    await writeFile(path, "old");
    const shrinking = { shape: [2], get data() { return Float32Array.of(...(this.reads++ < 1 ? [1, 2] : [1])); }, reads: 0 };
    await expect(saveCheckpoint(path, { shrinking })).rejects.toThrow('"shrinking" changed its size');
    expect(await readdir(own)).toEqual(["model"]);
    expect(await readFile(path, "utf8")).toBe("old");
  });
  /** In a process of its own, since a limit cannot be taken back. */
  const saveUnder = (shell: string, path: string) => {
    const script = `import { saveCheckpoint } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "index.ts")).href)};
      await saveCheckpoint(${JSON.stringify(path)}, { x: { shape: [2000000], data: new Float32Array(2000000) } }).catch((error) => { console.log(error.name + " " + error.message); });`;
    const node = [process.execPath, "--import", import.meta.resolve("tsx"), "--conditions=@multiway/source", "--input-type=module", "-e", script];
    return spawnSync("sh", ["-c", `${shell}; exec "$@"`, "sh", ...node], { encoding: "utf8", cwd: fileURLToPath(new URL("..", import.meta.url)) });
  };
  it.skipIf(process.platform === "win32")("keeps the old file at a limit of size", { timeout: 60_000 }, async () => {
    const own = await mkdtemp(join(folder, "limited-"));
    const path = join(own, "model");
    await writeFile(path, "old");
    const { stdout, stderr } = saveUnder("ulimit -f 2000", path);
    expect(stdout + stderr).toContain(`CheckpointError saveCheckpoint: ${JSON.stringify(path)}: the file cannot be written (EFBIG); what stood there before is unchanged.`);
    expect(stdout).toContain("ulimit -f");
    expect(await readdir(own)).toEqual(["model"]);
    expect(await readFile(path, "utf8")).toBe("old");
  });
  it("keeps the old file on a full disk", async ({ skip }) => {
    const disk = smallDisk() ?? skip("only root may mount a disk of one megabyte");
    const path = join(disk, "model");
    try {
      await writeFile(path, "old");
      await expect(saveCheckpoint(path, large)).rejects.toThrow("(ENOSPC); what stood there before is unchanged. The disk is full");
      expect(await readdir(disk)).toEqual(["model"]);
      expect(await readFile(path, "utf8")).toBe("old");
    } finally {
      execFileSync("umount", [disk]);
    }
  });
});

/** A disk of one megabyte, where this process may make one. */
function smallDisk(): string | undefined {
  if (process.platform !== "linux" || !isRoot) return undefined;
  const point = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", point]).status === 0 ? point : undefined;
}

describe("a page's file handle", () => {
  const handleOf = (failsAfter = Infinity): FileHandle & { content: Uint8Array; aborted: boolean } => ({
    name: "model.safetensors",
    content: Uint8Array.of(1),
    aborted: false,
    async getFile() {
      return new Blob([this.content as Uint8Array<ArrayBuffer>]);
    },
    async createWritable() {
      const parts: number[] = [];
      return {
        write: async (data) => {
          if (parts.length + data.length > failsAfter) throw new Error("QuotaExceededError");
          parts.push(...data);
        },
        close: async () => void (this.content = Uint8Array.from(parts)),
        abort: async () => void (this.aborted = true),
      };
    },
  });
  it("is written and read", async () => {
    const handle = handleOf();
    await saveCheckpoint(handle, small);
    expect(handle.content).toEqual(encodeSafetensors(small));
    await using checkpoint = await openCheckpoint(handle);
    expect((await checkpoint.read("x")).elements).toEqual(Float32Array.of(1, 2));
  });
  it("stays as it was when writing fails", async () => {
    const handle = handleOf(20);
    await expect(saveCheckpoint(handle, small)).rejects.toThrow('saveCheckpoint: "model.safetensors": the file cannot be written (QuotaExceededError); what stood there before is unchanged.');
    expect(handle.content).toEqual(Uint8Array.of(1));
    expect(handle.aborted).toBe(true);
  });
});

describe("openCheckpoint", () => {
  it.each<[string, string | Uint8Array, string]>([
    ["a missing file", "nowhere.safetensors", "the file cannot be read (ENOENT)"],
    ["a folder without a checkpoint", ".", "the folder holds no index of shards and no model.safetensors. Name a file in it."],
    ["the beginning of a zip archive", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0), "this zip archive has no directory at its end"],
    ["the beginning of a pickle", Uint8Array.of(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc), "its pickle ends too early"],
    ["a web page", new TextEncoder().encode("<!DOCTYPE html>"), "this is a web page"],
    ["a cut file", encodeSafetensors(small).subarray(0, 40), "bytes 0 to 7 announce a header of"],
    ["an unreachable address", "http://127.0.0.1:9/model.safetensors", "the address cannot be reached"],
  ])("refuses %s", async (_, source, message) => {
    const opened = openCheckpoint(typeof source === "string" && !source.includes(":") ? join(folder, source) : source);
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toThrow(CheckpointError);
  });
  it("tells when a file shrinks while it is read", async () => {
    const path = join(folder, "shrinks");
    await saveCheckpoint(path, small);
    await using checkpoint = await openCheckpoint(path);
    await writeFile(path, "");
    await expect(checkpoint.read("x")).rejects.toThrow(/the file ends at byte \d+ while it is read; \d+ bytes were there before/);
  });
  it("reads blobs, bytes and data addresses", async () => {
    const bytes = encodeSafetensors(small);
    for (const source of [bytes, new Blob([bytes as Uint8Array<ArrayBuffer>]), `data:application/octet-stream;base64,${Buffer.from(bytes).toString("base64")}`]) {
      await using checkpoint = await openCheckpoint(source);
      expect((await checkpoint.read("x")).elements).toEqual(Float32Array.of(1, 2));
    }
  });
});

describe("describeCheckpoint", () => {
  const one = (shape: number[]): HostTensor => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
  const layer = (index: number) => ({ [`layers.${index}.up.weight`]: one([4, 2]), [`layers.${index}.up.bias`]: one([4]) });
  it("makes a tree with counts", async () => {
    const description = await describeCheckpoint(encodeSafetensors({ head: one([]), ...layer(0), ...layer(1) }));
    expect(description.types).toEqual({ F32: 25 });
    expect(description.root).toMatchObject({ tensorCount: 5, elementCount: 25, sizeBytes: 100 });
    expect(description.root.children.map(({ name, tensorCount }) => [name, tensorCount])).toEqual([["head", 1], ["layers", 4]]);
    expect(description.root.children[1]!.children[1]!.children[0]!.children[0]).toEqual({ name: "weight", type: "F32", shape: [4, 2], tensorCount: 1, elementCount: 8, sizeBytes: 32, children: [] });
  });
  it("prints layers that are alike once", async () => {
    const bytes = encodeSafetensors({ head: one([]), ...layer(0), ...layer(1), ...layer(2), "layers.3.up.weight": one([5, 2]), step: { shape: [1], data: BigInt64Array.of(3n) } }, { preset: "tiny" });
    expect(formatCheckpoint(await describeCheckpoint(bytes))).toBe(
      [
        "bytes: safetensors, 9 tensors, 48 elements (F32 47, I64 1), 0.0 MiB",
        "  preset = tiny",
        "  head          F32[]           1",
        "  layers        7 tensors       46",
        "    0 … 2       2 tensors each  36",
        "      up        2 tensors       12",
        "        weight  F32[4, 2]       8",
        "        bias    F32[4]          4",
        "    3           1 tensor        10",
        "      up        1 tensor        10",
        "        weight  F32[5, 2]       10",
        "  step          I64[1]          1",
      ].join("\n"),
    );
    expect(formatCheckpoint(await describeCheckpoint(bytes), { depth: 1 }).split("\n")).toHaveLength(5);
  });
  it("keeps hostile names shallow", async () => {
    const { root } = await describeCheckpoint(encodeSafetensors({ [".".repeat(100_000)]: one([]) }));
    let depth = 0;
    for (let node = root; node.children.length > 0; node = node.children[0]!) depth++;
    expect(depth).toBeLessThan(40);
  });
});
