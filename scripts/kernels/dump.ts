/**
 * Writes what the devices make of all kernels that we know, for `pnpm kernels:diff`.
 *
 *     tsx --conditions=@multiway/source scripts/kernels/dump.ts FOLDER
 */
import { explainKernel as explainWasm } from "@multiway/wasm";
import { explainKernel as explainWebgpu } from "@multiway/webgpu";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { corpus } from "./corpus.ts";

const explainers = { webgpu: explainWebgpu, wasm: explainWasm };

const [, , folder] = process.argv;
if (folder === undefined) throw new Error("usage: dump.ts FOLDER");
await mkdir(folder, { recursive: true });
for (const device of ["webgpu", "wasm"] as const) {
  const entries = await corpus(device);
  const texts: string[] = [];
  for (const { from, kernel } of entries) {
    const { chosen, source } = await explainers[device](kernel);
    // Modules are compared, not read: `pnpm shader --device wasm` shows one.
    const text = typeof source === "string" ? source : `${source.length} bytes, SHA-1 ${createHash("sha1").update(source).digest("hex")}\n`;
    texts.push(`=== ${from}: ${kernel.label} (${chosen})\n${text}`);
  }
  await writeFile(join(folder, `${device}.txt`), texts.join("\n"));
  console.log(`${device}: ${entries.length} kernels`);
}
