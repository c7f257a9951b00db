import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serve, type TestServer } from "../test-server.samples.ts";
import { fileIn, nameOfFolder, namesIn, readBytes, targetIn, writeBytes, type FolderSource } from "../index.ts";

const content = Uint8Array.of(1, 2, 3, 0, 255);
let folder: string;
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-folder-"));
  await writeFile(join(folder, "a b.bin"), content);
  server = await serve({ bytes: content });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe("a file of a folder", () => {
  test.each<[string, () => FolderSource]>([
    ["path", () => folder],
    ["path with a slash", () => `${folder}/`],
    ["file: address", () => pathToFileURL(folder)],
    ["file: address as text", () => pathToFileURL(folder).href],
    ["address", () => new URL("?key=secret", new URL(".", server.address))],
    ["bytes by name", () => ({ "a b.bin": content })],
    ["blobs by name", () => ({ "a b.bin": new Blob([content]) })],
  ])("%s", async (_, source) => {
    expect(await readBytes(await fileIn(source(), "a b.bin"))).toEqual(content);
  });

  test("keys in an address stay, but not in names", async () => {
    expect(await fileIn("https://example.org/m?key=1", "model.json")).toBe("https://example.org/m/model.json?key=1");
    expect(nameOfFolder("https://example.org/m?key=1")).toBe("https://example.org/m");
    expect(nameOfFolder({ a: content })).toBe("files");
  });

  test("names are known of folders on the disk and of files at hand", async () => {
    expect(await namesIn(folder)).toEqual(["a b.bin"]);
    expect(await namesIn({ b: content, a: content })).toEqual(["b", "a"]);
    expect(await namesIn("https://example.org/m")).toBeUndefined();
    expect(await namesIn(join(folder, "a b.bin"))).toBeUndefined();
  });

  test("one that is not there is named", async () => {
    await expect(readBytes(await fileIn(folder, "none"))).rejects.toThrow(/^readBytes: ".*none": the file cannot be read \(ENOENT\)\. Check the path/);
    await expect(fileIn({ a: content }, "none")).rejects.toThrow('fileIn: "none": it is not among the files a. Hand it in with them.');
    await expect(readBytes(content, { maxBytes: 4 })).rejects.toThrow('readBytes: "bytes": it has 5 bytes; expected at most 4. Is it the right file?');
  });
});

test("a file is written all or not at all", async () => {
  const target = await targetIn(folder, "written");
  await writeBytes(target, content);
  await writeBytes(target, Uint8Array.of(9));
  expect(new Uint8Array(await readFile(join(folder, "written")))).toEqual(Uint8Array.of(9));
  await expect(writeBytes(await targetIn(join(folder, "no"), "written"), content)).rejects.toThrow(/^writeBytes: .*the file cannot be written \(ENOENT\)/);
  expect((await readdir(folder)).sort()).toEqual(["a b.bin", "written"]);
});
