import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { generatedFiles } from "../../scripts/bundle-worker.ts";

test("the bundled worker is up to date; if not, run `pnpm --filter @multiway/wasm generate`", async () => {
  const stale: string[] = [];
  for (const [path, text] of Object.entries(await generatedFiles())) {
    if ((await readFile(new URL(`../${path}`, import.meta.url), "utf8")) !== text) stale.push(path);
  }
  expect(stale).toEqual([]);
});
