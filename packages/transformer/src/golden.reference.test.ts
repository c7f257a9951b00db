import { readFileSync } from "node:fs";
import { reference } from "@multiway/reference";
import { openDevice, type Device } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { goldenTests } from "../fixtures/golden-tests.ts";
import { runTransformerCase } from "./golden.ts";

goldenTests(() => reference());

describe("runTransformerCase", () => {
  let device: Device;
  beforeAll(async () => void (device = await openDevice(reference())));
  afterAll(() => device.close());
  const read = async (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/components/${name}`, import.meta.url)));
  const manifestOf = async (name: string) => JSON.parse(new TextDecoder().decode(await read(`${name}.json`))) as Record<string, unknown> & { outputs: Record<string, object>; config: object };

  it("reports a wrong value with its place and how far it is over the tolerance", async () => {
    const manifest = await manifestOf("feed_forward");
    const spoiled = async (name: string) => {
      const bytes = await read(name);
      bytes[bytes.length - 1]! ^= 0x80; // the sign of the last element of the last output
      return bytes;
    };
    const [result] = await runTransformerCase(manifest, spoiled, device);
    expect(result).toMatchObject({ name: "outputs/out", passed: false });
    expect(result!.worst).toBeGreaterThan(1000);
    expect(result!.where).toMatch(/^\[1, 10, 23\]: -?[\d.]+ for -?[\d.]+$/);
  });
  it("reports exact values as right or infinitely wrong", async () => {
    const manifest = await manifestOf("relative_position_bias");
    const exact = (results: { name: string; worst: number }[]) => results.filter(({ name }) => name.endsWith("/bucket")).map(({ worst }) => worst);
    expect(exact(await runTransformerCase(manifest, read, device))).toEqual([0, 0, 0]);
    expect(exact(await runTransformerCase({ ...manifest, config: { ...manifest.config, max_distance: 64 } }, read, device))).toContain(Infinity);
  });
  it("fails what it cannot compute instead of leaving it out", async () => {
    const manifest = await manifestOf("feed_forward");
    const results = await runTransformerCase({ ...manifest, outputs: { ...manifest.outputs, "outputs/other": { shape: [1] } } }, read, device);
    expect(results[1]).toEqual({ name: "outputs/other", passed: false, worst: Infinity, where: "no run of this case computes it" });
    const cut = await runTransformerCase({ ...manifest, outputs: { "outputs/out": { shape: [2, 11, 25], atol: 1 } } }, read, device);
    expect(cut[0]).toMatchObject({ passed: false, where: "the shape is [2, 11, 24]; expected [2, 11, 25]" });
  });
  it("refuses what is no case of its kinds", async () => {
    const manifest = await manifestOf("feed_forward");
    const run = (changes: object) => runTransformerCase({ ...manifest, ...changes }, read, device);
    await expect(run({ kind: "beit3.head" })).rejects.toThrow('runTransformerCase: the manifest has kind "beit3.head"; expected component or component.drop_path or beit3.encoder or checkpoint.load, with files and outputs.');
    await expect(runTransformerCase(null, read, device)).rejects.toThrow("the manifest has kind undefined");
    await expect(run({ op: "rotary" })).rejects.toThrow(/the manifest's op is "rotary"; expected one of attention, encoder_layer, /);
    await expect(run({ op: "constructor" })).rejects.toThrow("the manifest's op is \"constructor\"");
    await expect(run({ config: { embed_dim: 24 } })).rejects.toThrow('"ffn_dim" of the manifest\'s config is undefined; expected a whole number.');
    await expect(run({ config: { embed_dim: 24, ffn_dim: 41 } })).rejects.toThrow("loadStateDict: mismatched up.weight (f32[40, 24] given, f32[41, 24] expected)");
    await expect(run({ files: [] })).rejects.toThrow("loadStateDict: missing up.weight");
    await expect(run({ kind: "beit3.encoder", fixed: { deepnorm: true } })).rejects.toThrow('"deepnorm" of the manifest is true; expected false.');
  });
});
