import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { productPages } from "./page.ts";

test("a bundle in one file, with what is loaded on demand inside", async () => {
  const { outputFiles } = await build({
    stdin: { contents: productPages["wasm"]!.code, resolveDir: fileURLToPath(new URL("..", import.meta.url)), loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["@multiway/source"],
    write: false,
    logLevel: "error",
  });
  expect(outputFiles).toHaveLength(1);
  const folder = await mkdtemp(join(tmpdir(), "multiway-page-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "page.mjs"), outputFiles[0]!.contents);
  const { product } = (await import(/* @vite-ignore */ pathToFileURL(join(folder, "page.mjs")).href)) as { product: Float32Array };
  expect(product).toEqual(new Float32Array(64 * 64).fill(64));
});
