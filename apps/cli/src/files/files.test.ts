import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeFailure } from "../errors/describe-failure.ts";
import { prepareFolder, removeTemporaries } from "./prepare-folder.ts";
import { writeAtomic } from "./write-atomic.ts";

const isPosix = process.platform !== "win32";
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-files-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const message = (work: Promise<unknown>): Promise<string> => work.then(() => "nothing went wrong", describeFailure);

/** Root may write everywhere, so it becomes nobody for the while. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid!(65534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid!(0);
  }
}

test("replaces a file, and leaves nothing beside it", async () => {
  const file = join(folder, "a.json");
  await writeAtomic(file, "old");
  await writeAtomic(file, new TextEncoder().encode("new"));
  expect(await readFile(file, "utf8")).toBe("new");
  expect(await readdir(folder)).toEqual(["a.json"]);
});

test.runIf(isPosix)("behind a link the file is replaced", async () => {
  await writeFile(join(folder, "file"), "old");
  await symlink(join(folder, "file"), join(folder, "link"));
  await writeAtomic(join(folder, "link"), "new");
  expect(await readFile(join(folder, "file"), "utf8")).toBe("new");
});

test.runIf(isPosix)("a write that the system stops half-way leaves the old file and no other", async () => {
  const file = join(folder, "report.html");
  await writeFile(file, "old");
  const script = `
    process.on("SIGXFSZ", () => {});
    const [{ writeAtomic }, { describeFailure }] = [await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, "write-atomic.ts")).href)}), await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, "../errors/describe-failure.ts")).href)})];
    await writeAtomic(process.argv[1], "x".repeat(200000)).then(() => console.log("written"), (error) => console.log(describeFailure(error)));`;
  // 64 blocks: 32 or 64 KiB.
  const { stdout } = await promisify(execFile)("/bin/sh", ["-c", 'ulimit -f 64; exec "$0" --conditions=@multiway/source --import tsx --input-type=module -e "$1" "$2"', process.execPath, script, file]);
  expect(stdout).toMatch(/report\.html cannot be written \(EFBIG\); files that were there before are unchanged\. .*ulimit -f.*--resume/);
  expect(await readFile(file, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["report.html"]);
}, 20_000);

test.runIf(isPosix)("a folder that is read-only, and one inside it", async () => {
  await chmod(folder, 0o555);
  try {
    for (const path of [folder, join(folder, "out")]) {
      expect(await asOrdinaryUser(() => message(prepareFolder(path)))).toBe(`${path} cannot be written (EACCES); files that were there before are unchanged. You lack the permission; choose another folder with --out, or ask for it.`);
    }
  } finally {
    await chmod(folder, 0o755);
  }
});

test("a folder is made with those above it, and is left empty", async () => {
  const path = join(folder, "a/b/c");
  await prepareFolder(path);
  await prepareFolder(path);
  expect(await readdir(path)).toEqual([]);
});

test("a file where the folder should be", async () => {
  await writeFile(join(folder, "out"), "");
  expect(await message(prepareFolder(join(folder, "out")))).toMatch(/out cannot be written \(EEXIST\).*choose another folder with --out/);
  expect(await message(prepareFolder(join(folder, "out/demo")))).toMatch(/out.demo cannot be written \((ENOTDIR|EEXIST|ENOENT)\)/);
});

test("unfinished files of this process go, others stay", async () => {
  const [mine, other] = [`.model.safetensors.${process.pid}-0123abcd.tmp`, `.model.safetensors.${process.pid}9-0123abcd.tmp`];
  await mkdir(join(folder, "out"));
  for (const name of [mine, other, "report.html"]) await writeFile(join(folder, "out", name), "");
  removeTemporaries(join(folder, "out"));
  removeTemporaries(join(folder, "none"));
  expect((await readdir(join(folder, "out"))).toSorted()).toEqual([other, "report.html"]);
});
