import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { runMetricsCase, type CaptionLossRule, type GoldenTensor } from "./golden.ts";

const read = async (name: string) => new Uint8Array(await readFile(new URL(`../fixtures/golden/${name}`, import.meta.url)));
const manifest = JSON.parse(new TextDecoder().decode(await read("metrics.json"))) as Record<string, unknown> & { outputs: object };

const isLoss = (name: string) => /loss|logits/.test(name);

describe("runMetricsCase", () => {
  it("finds the official metrics", async () => {
    const results = (await runMetricsCase(manifest, read)).filter(({ name }) => !isLoss(name));
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results).toHaveLength(10);
    expect(Math.max(...results.map(({ worst }) => worst))).toBeLessThan(1);
  });
  it("hands rows, scale and rules to the heads' losses, which it fails without", async () => {
    const asked: [GoldenTensor, GoldenTensor, number | CaptionLossRule][] = [];
    const ask = async (...given: (typeof asked)[0]) => asked.push(given);
    const results = await runMetricsCase(manifest, read, { contrastive: ask, caption: ask });
    expect(results.filter(({ name, passed }) => isLoss(name) && passed).map(({ name }) => name)).toEqual(["outputs/logits_per_image", "outputs/logits_per_text"]);
    expect(asked.map(([a, b]) => [a.shape, b.shape])).toEqual([...Array(5).fill([[10, 21], [10]]), [[7, 12], [7, 12]]]);
    expect(asked.at(-1)![2]).toBeCloseTo(12.5, 6);
    expect(asked[1]![2]).toEqual({ labelSmoothing: 0.1, dropWorst: 0.2 });
    const without = await runMetricsCase(manifest, read);
    expect(without.filter(({ name }) => isLoss(name)).every(({ passed, where }) => !passed && where === "nothing computes it")).toBe(true);
  });
  it("reports a wrong value with its place and how far it is over the tolerance", async () => {
    const spoiled = async (name: string) => {
      const bytes = await read(name);
      bytes[8 + new DataView(bytes.buffer).getUint32(0, true) + 6]! ^= 0x40; // the exponent of the first output
      return bytes;
    };
    const failed = (await runMetricsCase(manifest, spoiled)).filter(({ name, passed }) => !passed && !isLoss(name));
    expect(failed.map(({ name }) => name)).toEqual(["outputs/tr_r10"]);
    expect(failed[0]!.worst).toBeGreaterThan(1000);
    expect(failed[0]!.where).toMatch(/^element 0: 100 for /);
  });
  it("fails what it does not compute instead of leaving it out", async () => {
    const outputs = { "outputs/spice": { shape: [], atol: 1 }, "outputs/vqa_score": { shape: [], exact: true } };
    const results = await runMetricsCase({ ...manifest, outputs }, read);
    expect(results[0]).toEqual({ name: "outputs/spice", passed: false, worst: Infinity, where: "the tensor is missing in the file" });
    expect(results[1]).toMatchObject({ name: "outputs/vqa_score" });
  });
  it("refuses what is no case of its kind, and cut files", async () => {
    await expect(runMetricsCase({ kind: "beit3.head" }, read)).rejects.toThrow('runMetricsCase: the manifest has kind "beit3.head"; expected beit3.metrics, with files and outputs.');
    await expect(runMetricsCase({ ...manifest, files: [] }, read)).rejects.toThrow('runMetricsCase: the case has no tensor "inputs/image_features". Get a whole copy of it.');
    await expect(runMetricsCase(manifest, async (name) => (await read(name)).subarray(0, 50))).rejects.toThrow(/^runMetricsCase: metrics\.safetensors: its header announces \d+ bytes; 42 are left\./);
    await expect(runMetricsCase(manifest, async (name) => (await read(name)).subarray(0, -4))).rejects.toThrow('tensor "outputs/caption_loss.half_dropped" has no room for shape []');
  });
});
