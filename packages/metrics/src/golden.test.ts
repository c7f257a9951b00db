import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { runMetricsCase } from "./golden.ts";

const read = async (name: string) => new Uint8Array(await readFile(new URL(`../fixtures/golden/${name}`, import.meta.url)));
const manifest = JSON.parse(new TextDecoder().decode(await read("metrics.json"))) as Record<string, unknown> & { outputs: object };

describe("runMetricsCase", () => {
  it("finds the official values", async () => {
    const results = await runMetricsCase(manifest, read);
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results).toHaveLength(18);
    expect(Math.max(...results.map(({ worst }) => worst))).toBeLessThan(1);
  });
  it("reports a wrong value with its place and how far it is over the tolerance", async () => {
    const spoiled = async (name: string) => {
      const bytes = await read(name);
      bytes[bytes.length - 2]! ^= 0x40; // the exponent of the last output
      return bytes;
    };
    const failed = (await runMetricsCase(manifest, spoiled)).filter(({ passed }) => !passed);
    expect(failed).toHaveLength(1);
    expect(failed[0]!.worst).toBeGreaterThan(1000);
    expect(failed[0]!.where).toMatch(/^element 0: 2\.206\d+ for /);
  });
  it("fails what it does not compute instead of leaving it out", async () => {
    const outputs = { "outputs/spice": { shape: [], atol: 1 }, "outputs/caption_loss.plain": { shape: [], exact: true } };
    const results = await runMetricsCase({ ...manifest, outputs }, read);
    expect(results[0]).toEqual({ name: "outputs/spice", passed: false, worst: Infinity, where: "the tensor is missing in the file" });
    expect(results[1]).toMatchObject({ passed: false, worst: Infinity });
  });
  it("refuses what is no case of its kind, and cut files", async () => {
    await expect(runMetricsCase({ kind: "beit3.head" }, read)).rejects.toThrow('runMetricsCase: the manifest has kind "beit3.head"; expected beit3.metrics, with files and outputs.');
    await expect(runMetricsCase({ ...manifest, files: [] }, read)).rejects.toThrow('runMetricsCase: the case has no tensor "inputs/image_features". Get a whole copy of it.');
    await expect(runMetricsCase(manifest, async (name) => (await read(name)).subarray(0, 50))).rejects.toThrow(/^runMetricsCase: metrics\.safetensors: its header announces \d+ bytes; 42 are left\./);
    await expect(runMetricsCase(manifest, async (name) => (await read(name)).subarray(0, -4))).rejects.toThrow('tensor "outputs/caption_loss.half_dropped" has no room for shape []');
  });
});
