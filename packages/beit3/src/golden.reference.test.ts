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
const manifestOf = (name: string): unknown => JSON.parse(new TextDecoder().decode(gunzipSync(readFileSync(new URL(`../fixtures/beit3/${name}.json.gz`, import.meta.url)))));
const initialValues = () => manifestOf("initial_values") as { encoder: Record<string, Spread>; heads: Record<string, Record<string, Spread & { constant?: number }>> };
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

describe("text records", () => {
  interface Records {
    segment_results: { tokens: number[] }[];
    masking: { probability: number }[];
    masking_results: { draws: [string, ...number[]][] }[];
    schedules: { base: number; kind: string }[];
    drop_path_schedule: { rate: number }[];
    answers: [string, string][];
    answer_score: number[];
  }
  const records = () => manifestOf("text_records") as Records;

  it("are as the official code makes them", async () => {
    const results = await runBeit3Case(records(), noFiles, device);
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results).toHaveLength(8 + 8 + 4 + 3 + 65 + 1);
  });
  it("other ids, shares, draws, rates and answers are seen", async () => {
    const manifest = records();
    manifest.segment_results[1]!.tokens[3] = 9;
    manifest.masking[0]!.probability = 0.4;
    const draw = manifest.masking_results[1]!.draws.find(([name]) => name === "random")!;
    draw[1] = 0.85;
    manifest.schedules[2]!.base *= 1.001;
    manifest.schedules[3]!.kind = "cos";
    manifest.drop_path_schedule[0]!.rate = 0.11;
    manifest.answers[0]![1] = "Yes";
    manifest.answer_score[2] = 0.61;
    expect(await wrongOf(manifest)).toEqual(["segments/1", "masking/0", "masking/1", "schedules/2", "schedules/3", "drop_path_schedule/0", 'answers/"Yes"', "answer_score"]);
  });
});

it("refuses what is no case of its kinds", async () => {
  await expect(runBeit3Case({ kind: "beit3.heart" }, noFiles, device)).rejects.toThrow(/^runBeit3Case: the manifest has kind "beit3\.heart"; expected beit3\.base or beit3\.beam or .* or beit3\.train or /);
  await expect(runBeit3Case(null, noFiles, device)).rejects.toThrow("the manifest has kind undefined");
  await expect(runBeit3Case({ kind: "constructor" }, noFiles, device)).rejects.toThrow('kind "constructor"');
  await expect(runBeit3Case({ kind: "beit3.base", model: "nlvr2", files: [], outputs: {} }, noFiles, device)).rejects.toThrow('golden: the manifest\'s model is "nlvr2"; expected retrieval or vqa.');
  await expect(runBeit3Case({ kind: "beit3.text_records", segments: [] }, noFiles, device)).rejects.toThrow('golden: the manifest has no list "segment_results"');
});
