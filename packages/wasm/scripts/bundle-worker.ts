import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

interface Esbuild {
  build(options: Record<string, unknown>): Promise<{ outputFiles: { text: string }[] }>;
}

/** The worker as one classic script, by the esbuild that tsup brings along. */
export async function bundleWorker(): Promise<string> {
  const require = createRequire(createRequire(import.meta.url).resolve("tsup"));
  const esbuild = require("esbuild") as Esbuild;
  const result = await esbuild.build({
    entryPoints: [fileURLToPath(new URL("../src/worker/worker.ts", import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    charset: "ascii",
    conditions: ["@multiway/source"],
  });
  return result.outputFiles[0]!.text.trim();
}

/** The files that carry the bundled worker, by path from `src`: a string to make workers from, and a script to serve. */
export async function generatedFiles(): Promise<Record<string, string>> {
  const source = await bundleWorker();
  const note = "// Generated from worker/worker.ts by `pnpm --filter @multiway/wasm generate`.";
  return {
    "worker/worker-source.ts": `${note}\nexport const workerSource: string = ${JSON.stringify(source)};\n`,
    "worker-file.ts": `${note}\n// @ts-nocheck\n/* oxlint-disable */\n${source}\nexport {};\n`,
  };
}
