import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkFloors } from "./check-floors.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "multiway-floors-"));
  addPackage("errors");
  addPackage("tensor", { dependencies: { "@multiway/errors": "workspace:^" } });
  addPackage("nn", { dependencies: { "@multiway/errors": "workspace:^", "@multiway/tensor": "workspace:^" } });
  addPackage("wasm", { dependencies: { "@multiway/tensor": "workspace:^" } });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function addPackage(name: string, more: Record<string, unknown> = {}): void {
  const folder = `packages/${name}`;
  const manifest = {
    name: `@multiway/${name}`,
    version: "0.1.0",
    description: name,
    license: "MIT",
    type: "module",
    sideEffects: false,
    repository: { type: "git", url: "git+https://github.com/multiway-js/multiway.git", directory: folder },
    engines: { node: ">=20.19" },
    exports: {
      ".": { "@multiway/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    files: ["dist", "src", "!src/**/*.test.ts", "!src/**/*.samples.ts"],
    scripts: { build: "tsup", check: "tsc -p tsconfig.json" },
    publishConfig: { access: "public", provenance: true },
    ...more,
  };
  write(`${folder}/package.json`, JSON.stringify(manifest));
  write(`${folder}/README.md`, `# @multiway/${name}\n`);
  write(`${folder}/tsconfig.json`, '{\n  "extends": "../../tsconfig.base.json",\n  "include": ["src", "tsup.config.ts"]\n}\n');
  write(`${folder}/tsup.config.ts`, 'import { library } from "../../scripts/tsup-preset.ts";\n\nexport default library();\n');
  write(`${folder}/src/index.ts`, "export {};\n");
}

const violations = () => checkFloors(root).map(({ place, message }) => `${place}: ${message}`);

test("a workspace in order has no violations", () => {
  write("packages/nn/src/linear.ts", 'import { tensor } from "@multiway/tensor";\nimport type { Shape } from "./shape.ts";\n');
  write("packages/nn/src/shape.ts", 'import type { Linear } from "./linear.ts";\n');
  write("packages/nn/src/linear.test.ts", 'import { test } from "vitest";\nimport { readFile } from "node:fs/promises";\nimport { wasm } from "@multiway/wasm";\n');
  write("packages/wasm/src/spawn.ts", 'import { Worker } from "node:worker_threads";\n');
  expect(violations()).toEqual([]);
});

test.each([
  ["imports upwards", "packages/errors/src/x.ts", 'import { tensor } from "@multiway/tensor";', /floor 2.*on floor 0.*strictly downwards/],
  ["imports types upwards", "packages/tensor/src/x.ts", 'import type { Linear } from "@multiway/nn";', /strictly downwards/],
  ["imports a device into a model", "packages/nn/src/x.ts", 'import { wasm } from "@multiway/wasm";', /is a device/],
  ["imports an undeclared dependency", "packages/wasm/src/x.ts", 'import { ShapeError } from "@multiway/errors";', /not among the dependencies/],
  ["imports past exports", "packages/nn/src/x.ts", 'import { op } from "@multiway/tensor/src/op.ts";', /not in "exports"/],
  ["imports the sources of another package", "packages/nn/src/x.ts", 'import { op } from "../../tensor/src/op.ts";', /leaves the package/],
  ["names a type of another package by path", "packages/nn/src/x.ts", 'export type T = import("../../tensor/src/op.ts").Op;', /leaves the package/],
  ["imports Node where nothing outside is touched", "packages/nn/src/x.ts", 'import { readFile } from "node:fs";', /reaches outside/],
  ["imports Node without its prefix", "packages/wasm/src/x.ts", 'import { readFile } from "fs";', /write "node:fs"/],
  ["imports a third party that it does not declare", "packages/nn/src/x.ts", 'export { z } from "zod";', /"zod" is not among the dependencies/],
  ["imports a name that package.json does not map", "packages/wasm/src/x.ts", 'import { spawn } from "#spawn";', /not in "imports"/],
  ["imports itself", "packages/nn/src/x.ts", 'import "./x.ts";', /in a circle/],
  ["is too long", "packages/nn/src/x.ts", "// \n".repeat(401), /401 lines; at most 400/],
  ["is too long for a test", "packages/nn/src/x.test.ts", "// \n".repeat(601), /601 lines; at most 600/],
])("refuses a file that %s", (_, path, text, message) => {
  write(path, `${text}\n`.replace(/\n\n$/, "\n"));
  expect(violations()).toEqual([expect.stringMatching(message)]);
  expect(violations()[0]).toContain(path);
});

test("accepts a long file that says why", () => {
  write("packages/nn/src/x.ts", `/** Long because it is one table. */\n${"// \n".repeat(500)}`);
  expect(violations()).toEqual([]);
});

test("refuses a circle of values and prints it once", () => {
  write("packages/nn/src/a.ts", 'import { b } from "./b.ts";\n');
  write("packages/nn/src/b.ts", 'export { c } from "./c.ts";\n');
  write("packages/nn/src/c.ts", 'import { a } from "./a.ts";\n');
  expect(violations()).toEqual([expect.stringContaining("a.ts → b.ts → c.ts → a.ts")]);
});

test("refuses a package without a floor, and one without a README", () => {
  addPackage("novelty");
  rmSync(join(root, "packages/nn/README.md"));
  expect(violations()).toEqual(["packages/nn: README.md is missing.", expect.stringContaining('"novelty" has no floor')]);
});

test.each([
  ["the source condition last", { exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js", "@multiway/source": "./src/index.ts" }, "./package.json": "./package.json" } }, /in this order/],
  ["a source that is not there", { exports: { ".": { "@multiway/source": "./src/main.ts", types: "./dist/main.d.ts", default: "./dist/main.js" }, "./package.json": "./package.json" } }, /no such file/],
  ["sources that are not published", { files: ["dist"] }, /"files"/],
  ["another licence", { license: "ISC" }, /"license" is "ISC"; expected "MIT"/],
  ["side effects", { sideEffects: true }, /"sideEffects"/],
  ["a dependency without a decision", { dependencies: { zod: "^4.0.0" } }, /third-party dependency without a decision/],
  ["a pinned neighbour", { dependencies: { "@multiway/errors": "^0.1.0" } }, /expected "workspace:\^"/],
])("refuses a package.json with %s", (_, more, message) => {
  addPackage("tensor", more);
  expect(violations()).toEqual([expect.stringMatching(message)]);
});

test("accepts a third-party dependency that a decision names", () => {
  addPackage("tensor", { dependencies: { zod: "^4.0.0" } });
  write("docs/decisions/2026-11-24-schemas.md", "# Schemas\n\n`zod` checks them.\n");
  expect(violations()).toEqual([]);
});
