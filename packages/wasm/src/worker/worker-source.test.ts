import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { generatedFiles } from "../../scripts/bundle-worker.ts";

test("the bundled worker is up to date; if not, run `pnpm --filter @multiway/wasm generate`", async () => {
  for (const [path, text] of Object.entries(await generatedFiles())) {
    const committed = await readFile(new URL(`../${path}`, import.meta.url), "utf8");
    // Compared here: a difference of one long line helps nobody.
    expect(committed === text, path).toBe(true);
  }
});
