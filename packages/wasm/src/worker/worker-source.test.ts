import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { workerSourceFile } from "../../scripts/bundle-worker.ts";

test("worker-source.ts is what worker.ts bundles to; run `pnpm --filter @multiway/wasm generate`", async () => {
  const committed = await readFile(new URL("./worker-source.ts", import.meta.url), "utf8");
  expect(committed === (await workerSourceFile())).toBe(true);
});
