import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { benchFolder } from "./folders.ts";

/**
 * Bundles the worker from source, so that no process that is timed compiles TypeScript, and `cold` starts what an app would start.
 *
 * @returns the file to run
 */
export async function bundleWorker(): Promise<string> {
  // Here, so that the optional package `webgpu` is found as it is from the root.
  const outdir = join(benchFolder, "node_modules/.cache/bench");
  await mkdir(outdir, { recursive: true });
  await build({
    entryPoints: { worker: join(benchFolder, "src/worker.ts") },
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // What is imported when it is needed stays a file of its own, and costs the others nothing.
    splitting: true,
    minify: true,
    keepNames: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@multiway/source"],
    external: ["webgpu"],
    logLevel: "error",
  });
  return join(outdir, "worker.mjs");
}
