import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "multiway-lint-"));
  // Its overrides go by paths beside it.
  copyFileSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { target: "es2022", module: "esnext", strict: true, lib: ["es2022", "dom"], types: [] } }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What our configuration says of a file with this text. */
function lint(text: string, file = "case.ts"): { status: number | null; output: string } {
  mkdirSync(join(folder, file, ".."), { recursive: true });
  writeFileSync(join(folder, file), text);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "node_modules/oxlint/bin/oxlint"), file],
    { cwd: folder, encoding: "utf8" },
  );
  rmSync(join(folder, file));
  return { status, output: stdout + stderr };
}

test.each([
  ["a promise nobody awaits", "no-floating-promises", "work();"],
  ["a promise as a condition", "no-misused-promises", "export const f = () => { if (work()) return 1; return 2; };"],
  ["a callback whose promise is dropped", "no-misused-promises", "[1].forEach(async () => { await work(); });"],
  ["an await of a plain value", "await-thenable", "export const f = async () => { await 5; };"],
])("refuses %s", (_, rule, text) => {
  const { status, output } = lint(`async function work(): Promise<void> {}\n${text}\n`);
  expect(output).toContain(rule);
  expect(status).not.toBe(0);
});

test("accepts a promise that is awaited, or dropped on purpose", () => {
  const { status, output } = lint("async function work(): Promise<void> {}\nexport async function f() { await work(); void work(); }\n");
  expect(output).not.toContain("no-floating-promises");
  expect(status).toBe(0);
});

test("refuses globals of the platform in a package that touches nothing outside", () => {
  const text = "export const title = () => document.title;\n";
  expect(lint(text, "packages/nn/src/case.ts").output).toContain("no-restricted-globals");
  expect(lint(text, "packages/images/src/case.ts").status).toBe(0);
});
