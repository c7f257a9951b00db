import { expect, test } from "vitest";
import { untar } from "./untar.ts";

function header(path: string, sizeBytes: number, type = "0", mode = "0000755"): Uint8Array {
  const block = new Uint8Array(512);
  const put = (start: number, value: string) => block.set(new TextEncoder().encode(value), start);
  put(0, path);
  put(100, mode);
  put(124, sizeBytes.toString(8).padStart(11, "0"));
  put(156, type);
  put(257, "ustar");
  put(148, "        ");
  put(148, `${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `);
  return block;
}

function archive(...blocks: Uint8Array[]): Uint8Array {
  const end = new Uint8Array(1024);
  const all = [...blocks, end].map((block) => {
    const padded = new Uint8Array(Math.ceil(block.length / 512) * 512);
    padded.set(block);
    return padded;
  });
  return new Uint8Array(Buffer.concat(all));
}

const hello = new TextEncoder().encode("hello");

test("reads files, folders and the executable bit", () => {
  const entries = [...untar(archive(header("bin/", 0, "5"), header("bin/tool", 5), hello, header("notes", 0, "0", "0000644")))];
  expect(entries.map(({ path, kind, isExecutable, bytes }) => [path, kind, isExecutable, new TextDecoder().decode(bytes)])).toEqual([
    ["bin/", "folder", true, ""],
    ["bin/tool", "file", true, "hello"],
    ["notes", "file", false, ""],
  ]);
});

test.each([
  ["a path that leaves the folder", archive(header("../tool", 5), hello), /leaves the folder/],
  ["an absolute path", archive(header("/tool", 5), hello), /leaves the folder/],
  ["a link", archive(header("tool", 0, "2")), /of type "2"/],
  ["a file that is cut off", archive(header("tool", 5), hello).subarray(0, 515), /cut off/],
  ["a damaged header", archive(header("tool", 5), hello).map((byte, i) => (i === 3 ? 65 : byte)), /wrong checksum/],
])("refuses %s", (_, bytes, message) => {
  expect(() => [...untar(bytes)]).toThrow(message);
});
