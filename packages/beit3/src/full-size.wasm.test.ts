import { execFile } from "node:child_process";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { openDevice } from "@multiway/tensor";
import { MultiwayTransformer } from "@multiway/transformer";
import { wasm } from "@multiway/wasm";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { runBeit3Case } from "./golden.ts";
import { beit3Base } from "./index.ts";

const fixture = async (name: string) => new Uint8Array(gunzipSync(await readFile(new URL(`../fixtures/beit3/${name}.gz`, import.meta.url))));

test("the base model at 224 pixels, 222 million weights, gives the official code's values for pictures, texts and pairs", { timeout: 300_000 }, async () => {
  await using device = await openDevice(wasm());
  const manifest = JSON.parse(new TextDecoder().decode(await fixture("base_retrieval_rule.json"))) as { outputs: object; weight_probes: object };
  const results = await runBeit3Case(manifest, fixture, device);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  expect(results).toHaveLength(Object.keys(manifest.outputs).length + Object.keys(manifest.weight_probes).length + 1);
});

test("answering at full size, 384 pixels: a second implementation's values", { timeout: 300_000 }, async () => {
  await using device = await openDevice(wasm());
  const manifest = JSON.parse(new TextDecoder().decode(await fixture("vqa_base_rule.json"))) as { outputs: object };
  const results = await runBeit3Case(manifest, fixture, device);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  expect(results).toHaveLength(Object.keys(manifest.outputs).length + 1);
});

/** A checkpoint of zeros that takes no room on the disk. */
async function writeEmptyCheckpoint(path: string): Promise<void> {
  const model = new MultiwayTransformer(beit3Base());
  let offset = 0;
  const entries = model.tensors().map(({ name, tensor }) => [MultiwayTransformer.officialNames.toOfficial(name)!, { dtype: "F32", shape: tensor.shape, data_offsets: [offset, (offset += 4 * tensor.size)] }]);
  const header = JSON.stringify(Object.fromEntries(entries));
  const padded = header.padEnd(8 * Math.ceil(header.length / 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = await open(path, "w");
  await file.write(Buffer.concat([length, Buffer.from(padded)]));
  await file.truncate(8 + padded.length + offset);
  await file.close();
}

test("loading the base model from a file and encoding a picture needs less than 1.2 times the weights, Node and all", { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "multiway-memory-"));
  try {
    // As users run it: built, in a process of its own.
    await build({ entryPoints: [fileURLToPath(new URL("../fixtures/memory-program.ts", import.meta.url))], outdir: folder, bundle: true, splitting: true, platform: "node", format: "esm", target: "es2022", conditions: ["@multiway/source"], outExtension: { ".js": ".mjs" } });
    const checkpoint = join(folder, "base.safetensors");
    await writeEmptyCheckpoint(checkpoint);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "memory-program.mjs"), checkpoint]);
    const { peakBytes, weightBytes, shape, isFinite } = JSON.parse(stdout) as { peakBytes: number; weightBytes: number; shape: number[]; isFinite: boolean };
    expect({ shape, isFinite, weightBytes }).toEqual({ shape: [1, 197, 768], isFinite: true, weightBytes: 4 * 220_987_392 });
    expect(peakBytes / weightBytes).toBeLessThan(1.2);
    // What is measured is the whole: nothing smaller than the weights could be.
    expect(peakBytes).toBeGreaterThan(weightBytes);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
