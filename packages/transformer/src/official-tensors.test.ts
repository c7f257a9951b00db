import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { runLoad } from "./golden/load-case.ts";
import { fitOfficialTensors, type OfficialTensor } from "./official-tensors.ts";

const fixture = (name: string): Promise<Uint8Array> => readFile(new URL(`../fixtures/checkpoint/${name}`, import.meta.url)).then((bytes) => new Uint8Array(bytes));
const zeros = (...shape: number[]): OfficialTensor => ({ shape, data: new Float32Array(shape.reduce((size, extent) => size * extent, 1)) });

test("files load into models of other sizes as the official code loads them", async () => {
  const results = await runLoad(JSON.parse(new TextDecoder().decode(await fixture("load.json"))), fixture);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  expect(results.length).toBeGreaterThan(300);
});

describe("fitOfficialTensors", () => {
  test("lists what is missing, unexpected, mismatched, resampled and dropped, all at once", () => {
    const { tensors, ...lists } = fitOfficialTensors(
      { "head.weight": zeros(9, 4), "head.bias": zeros(9), "beit3.encoder.embed_positions.A.weight": zeros(7, 4), "beit3.x": zeros(2), "beit3.y": zeros(3), old: zeros(1) },
      { "head.weight": [6, 4], "head.bias": [6], "beit3.encoder.embed_positions.A.weight": [12, 4], "beit3.x": [2], "beit3.y": [4], "beit3.z": [1] },
    );
    expect(Object.keys(tensors)).toEqual(["beit3.encoder.embed_positions.A.weight", "beit3.x"]);
    expect(tensors["beit3.encoder.embed_positions.A.weight"]!.shape).toEqual([12, 4]);
    expect(lists).toEqual({
      missing: ["head.weight", "head.bias", "beit3.z"],
      unexpected: ["old"],
      mismatched: [{ name: "beit3.y", given: "[3]", expected: "[4]" }],
      resized: ["beit3.encoder.embed_positions.A.weight"],
      dropped: ["head.weight", "head.bias"],
    });
  });
  test("asks for the grid where it is no square", () => {
    const name = "encoder.embed_positions.A.weight";
    expect(() => fitOfficialTensors({ [name]: zeros(3 + 6, 2) }, { [name]: [3 + 4, 2] })).toThrow("9 rows, 3 and those of 6 patches, which are no square");
    expect(fitOfficialTensors({ [name]: zeros(3 + 6, 2) }, { [name]: [3 + 8, 2] }, { grids: { from: [2, 3], to: [2, 4] } }).resized).toEqual([name]);
  });
  test("does not take an inherited name for a tensor", () => {
    expect(fitOfficialTensors({}, { toString: [1] }).missing).toEqual(["toString"]);
  });
});
