import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { reference } from "@multiway/reference";
import { openDevice, type Device } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBeit3Case } from "./golden.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

interface Spread {
  mean: number;
  std: number;
  max: number;
}
const initialValues = () => JSON.parse(new TextDecoder().decode(gunzipSync(readFileSync(new URL("../fixtures/beit3/initial_values.json.gz", import.meta.url))))) as { encoder: Record<string, Spread>; heads: Record<string, Record<string, Spread & { constant?: number }>> };
const noFiles = () => Promise.reject(new Error("no file is needed"));
const wrongOf = async (manifest: object) => (await runBeit3Case(manifest, noFiles, device)).filter(({ passed }) => !passed).map(({ name }) => name);

describe("freshly built models", () => {
  it("contain what the official code's do", async () => {
    const results = await runBeit3Case(initialValues(), noFiles, device);
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results).toHaveLength(158);
  });
  it("a spread cut elsewhere, a shifted mean, another constant and a missing name are seen", async () => {
    const manifest = initialValues();
    manifest.encoder["beit3.encoder.layers.0.self_attn.k_proj.A.weight"]!.std *= 1.08;
    manifest.encoder["beit3.text_embed.weight"]!.mean += 0.01;
    manifest.encoder["beit3.encoder.layers.0.ffn.A.fc1.weight"]!.max = 0.0205;
    manifest.heads["retrieval"]!["logit_scale"]!.constant = 2.66;
    delete manifest.heads["vqa"]!["head.1.bias"];
    expect((await wrongOf(manifest)).sort()).toEqual(["beit3.encoder.layers.0.ffn.A.fc1.weight", "beit3.encoder.layers.0.self_attn.k_proj.A.weight", "beit3.text_embed.weight", "retrieval logit_scale", "vqa head.1.bias"]);
  });
});

it("refuses what is no case of its kinds", async () => {
  await expect(runBeit3Case({ kind: "beit3.heart" }, noFiles, device)).rejects.toThrow(/^runBeit3Case: the manifest has kind "beit3\.heart"; expected beit3\.base or beit3\.beam or .* or beit3\.train or /);
  await expect(runBeit3Case(null, noFiles, device)).rejects.toThrow("the manifest has kind undefined");
  await expect(runBeit3Case({ kind: "constructor" }, noFiles, device)).rejects.toThrow('kind "constructor"');
  await expect(runBeit3Case({ kind: "beit3.base", model: "vqa", files: [], outputs: {} }, noFiles, device)).rejects.toThrow('golden: the manifest\'s model is "vqa"; expected "retrieval".');
});
