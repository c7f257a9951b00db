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

/** The text of src/worker/worker-source.ts. */
export async function workerSourceFile(): Promise<string> {
  return `// Generated from worker.ts by \`pnpm --filter @multiway/wasm generate\`.\nexport const workerSource: string = ${JSON.stringify(await bundleWorker())};\n`;
}
