import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { runPreprocessCase } from "./golden.ts";

const folder = new URL("../fixtures/preprocess/", import.meta.url);
const read = async (name: string) => new Uint8Array(await readFile(new URL(name, folder)));
const manifest = JSON.parse(await readFile(new URL("images.json", folder), "utf8"));

describe("runPreprocessCase", () => {
  it("finds every byte and number of the official pipelines", async () => {
    const results = await runPreprocessCase(manifest, read);
    expect(results.filter((result) => !result.passed)).toEqual([]);
    expect(results).toHaveLength(93);
    expect(results.filter(({ name }) => /resize|crop|decoded|eval|tokenizer/.test(name)).map(({ worst }) => worst)).toEqual(Array(81).fill(0));
    expect(Math.max(...results.map(({ worst }) => worst))).toBeLessThan(1e-6);
  });
  it("reports a wrong value with its place", async () => {
    const spoiled = async (name: string) => {
      const bytes = await read(name);
      if (name.endsWith(".safetensors")) bytes[bytes.length - 1]! ^= 0x40; // the last pixel of the last crop
      return bytes;
    };
    const failed = (await runPreprocessCase(manifest, spoiled)).filter((result) => !result.passed);
    expect(failed).toHaveLength(1);
    expect(failed[0]!.where).toMatch(/^\[23, 23, 2\]: /);
  });
  it("fails what it does not know instead of leaving it out", async () => {
    const outputs = { "outputs/colour_97x61/swirl_3": { dtype: "U8", shape: [1] } };
    const [result] = await runPreprocessCase({ ...manifest, outputs }, read);
    expect(result).toMatchObject({ passed: false, where: "the tensor is missing in the file" });
  });
  it("refuses other manifests and cut tensor files", async () => {
    await expect(runPreprocessCase({ kind: "beit3" }, read)).rejects.toThrow('runPreprocessCase: the manifest has kind "beit3"; expected "preprocess"');
    await expect(runPreprocessCase(manifest, async (name) => (await read(name)).subarray(0, 50))).rejects.toThrow("images.safetensors: its header announces");
  });
});
