import { describe, expect, it } from "vitest";
import { readFixture, readFixtureJson } from "../fixtures/read-fixture.ts";
import { runTokenizerCase } from "./golden.ts";

const read = (name: string) => readFixture(`reference/${name}`);
const manifestOf = (name: string) => readFixtureJson<{ strings: { ids: number[]; text: string }[] }>(`reference/${name}.json`);

describe("runTokenizerCase", () => {
  it.each([
    ["unigram", 22],
    ["unigram_bytes", 22],
    ["bpe", 13],
    ["bpe_bytes", 13],
  ])("finds every value of %s", async (name, kinds) => {
    const results = await runTokenizerCase(await manifestOf(name), read);
    expect(results.filter((result) => !result.passed)).toEqual([]);
    expect(results).toHaveLength(kinds);
    expect(results.find((result) => result.name === "ids (275)")?.worst).toBe(0);
  });
  it("reports a wrong value with its text", async () => {
    const manifest = await manifestOf("bpe");
    const spoiled = manifest.strings.find(({ ids }) => ids.length > 3)!;
    spoiled.ids[2]!++;
    const failed = (await runTokenizerCase(manifest, read)).filter((result) => !result.passed);
    expect(failed.map(({ name }) => name)).toContain("ids (275)");
    expect(failed[0]!.worst).toBe(Infinity);
    expect(failed[0]!.where).toContain(JSON.stringify(spoiled.text.slice(0, 60)));
  });
  it("refuses other manifests and models", async () => {
    await expect(runTokenizerCase({ kind: "beit3" }, read)).rejects.toThrow('runTokenizerCase: the manifest has kind "beit3"; one that starts with "tokenizer." is expected.');
    const manifest = await manifestOf("bpe");
    await expect(runTokenizerCase({ ...manifest, files: [] }, read)).rejects.toThrow("runTokenizerCase: the manifest's files are an array of 0");
    await expect(runTokenizerCase(manifest, async () => new Uint8Array(0))).rejects.toThrow("the model has 0 bytes");
  });
});
