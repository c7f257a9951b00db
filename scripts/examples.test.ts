import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, expect, test } from "vitest";
import { findExamples, parseExamples } from "./examples.ts";
import { run } from "./process.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
// Under the root, so that every package of the workspace is found by its name.
const folder = join(root, "node_modules/.cache", `multiway-examples-${process.pid}`);
const examples = findExamples(root).map((example, i) => ({ ...example, file: join(folder, `example-${i}.mts`) }));
mkdirSync(folder, { recursive: true });
for (const { file, code } of examples) writeFileSync(file, `${code}\nexport {};\n`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a runnable block carries its place and what it prints", () => {
  const markdown = "# Title\n\n```ts runnable\nconsole.log(1 + 1); // → 2\nconsole.log('a\\nb');\n// → a\n// → b\n```\n\n```ts\nnotRun();\n```\n";
  expect(parseExamples(markdown, "x.md")).toEqual([{ place: "x.md:4", code: "console.log(1 + 1); // → 2\nconsole.log('a\\nb');\n// → a\n// → b\n", prints: ["2", "a", "b"] }]);
});

test("all examples type-check", { timeout: 60_000 }, () => {
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), (path) => ts.sys.readFile(path)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(examples.map(({ file }) => file), options);
  const found = examples.flatMap(({ file, place }) =>
    [...program.getSyntacticDiagnostics(program.getSourceFile(file)), ...program.getSemanticDiagnostics(program.getSourceFile(file))].map(
      ({ messageText, start }) => `${place} + ${program.getSourceFile(file)!.getLineAndCharacterOfPosition(start ?? 0).line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    ),
  );
  expect(found).toEqual([]);
});

test.each(examples)("$place prints what it says", { timeout: 60_000 }, async ({ file, prints }) => {
  const output = await run(process.execPath, ["--import", import.meta.resolve("tsx"), "--conditions=@multiway/source", file], { cwd: root });
  expect(output.split("\n").slice(0, -1).map((line) => line.trimEnd())).toEqual(prints);
});
