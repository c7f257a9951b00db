import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { reference } from "@multiway/reference";
import { openDevice, type Device } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faithfulnessPage, shortName } from "./faithfulness.ts";
import { findCases, ownCases } from "./find-cases.ts";
import { formatReport, formatTotal, runGolden, toJson } from "./golden.ts";

const packages = fileURLToPath(new URL("../../../packages/", import.meta.url));
let device: Device;
let folder: string;
beforeAll(async () => {
  device = await openDevice(reference());
  folder = await mkdtemp(join(tmpdir(), "multiway-golden-"));
});
afterAll(async () => {
  await device.close();
  await rm(folder, { recursive: true, force: true });
});
const run = (path: string) => runGolden(findCases(path), async () => ({ device, slowness: "this device is slow" }), () => {});

describe("runGolden", () => {
  it("finds the cases of a folder tree, packed or not, and leaves other JSON alone", () => {
    const names = (path: string) => findCases(join(packages, path)).map(({ name }) => name);
    expect(names("tokenizers/fixtures")).toEqual(["bpe", "bpe_bytes", "unigram", "unigram_bytes"].map((name) => `reference/${name}`));
    expect(names("images/fixtures")).toEqual(["preprocess/images"]);
    expect(names("transformer/fixtures")).toContain("components/attention");
    expect(names("transformer/fixtures/components/attention.json")).toEqual(["attention"]);
  });
  it("joins the packages' runners", async () => {
    const reports = [
      ...(await run(join(packages, "images/fixtures"))),
      ...(await run(join(packages, "tokenizers/fixtures/reference/bpe.json.gz"))),
      ...(await run(join(packages, "transformer/fixtures/components"))),
      ...(await run(join(packages, "metrics/fixtures"))),
    ];
    expect(reports.filter(({ passed }) => !passed)).toEqual([]);
    expect(formatTotal(reports)).toBe("14 passed, 0 failed");
    for (const { worst } of reports) expect(worst).toBeLessThanOrEqual(1);
    expect(formatReport(reports.find(({ name }) => name === "text_embedding")!)).toMatch(/^✓ text_embedding +component +1 value, all exact$/);
    expect(formatReport(reports[0]!)).toMatch(/^✓ preprocess\/images +preprocess +93 values, at most 0\.\d+ of the tolerance: outputs\//);
  });
  it("counts as failures: wrong values, unknown kinds, missing files, manifests that are no JSON, cases without outputs", async () => {
    const from = join(packages, "transformer/fixtures/components");
    const path = join(folder, "broken");
    await cp(join(from, "feed_forward.json"), join(path, "wrong.json"));
    const bytes = await readFile(join(from, "feed_forward.safetensors"));
    bytes[bytes.length - 2]! ^= 0x40; // the exponent of the last element
    await writeFile(join(path, "feed_forward.safetensors"), bytes);
    await cp(join(from, "text_embedding.json"), join(path, "missing.json"));
    await writeFile(join(path, "no-json.json"), "{");
    await writeFile(join(path, "none.json"), '{"kind":"preprocess","images":[],"files":[],"outputs":{}}');
    await writeFile(join(path, "unknown.json"), '{"kind":"beit3.unheard","files":[]}');
    const reports = await run(path);
    expect(formatTotal(reports)).toBe("0 passed, 5 failed");
    const lines = Object.fromEntries(reports.map((report) => [report.name, formatReport(report)]));
    expect(lines["wrong"]).toMatch(/^✗ wrong +component +1 of 1 value wrong, at most .* of the tolerance: outputs\/out \[1, 10, 23\]: /);
    expect(lines["missing"]).toMatch(/text_embedding\.safetensors" is missing beside its manifest\. Get a whole copy of the case\.$/);
    expect(lines["no-json"]).toContain("the manifest cannot be read: ");
    expect(lines["none"]).toContain("the case lists nothing to compare");
    expect(lines["unknown"]).toContain('nothing runs the kind "beit3.unheard"');
    expect(JSON.parse(toJson("reference", reports))).toMatchObject({ device: "reference", passed: 0, failed: 5, cases: [{ name: "missing", worst: "Infinity" }, {}, {}, {}, {}] });
  });
  it("leaves out models of full size, by name, where they would take hours, and counts them neither way", async () => {
    const reports = await run(join(packages, "beit3/fixtures/beit3"));
    expect(reports.map((report) => report.name)).toEqual(["base_retrieval_rule", "initial_values", "release_shapes", "text_records", "vqa_base_rule"]);
    expect(formatReport(reports[0]!)).toMatch(/^– base_retrieval_rule +beit3\.base +left out: a model of full size, and this device is slow$/);
    expect(formatTotal(reports)).toBe("3 passed, 0 failed");
    expect(JSON.parse(toJson("reference", reports))).toMatchObject({ passed: 3, failed: 0, leftOut: 2 });
  });
  it("docs/faithfulness.md has a row for each case of this repository, none failed, and no other", async () => {
    const page = await readFile(join(packages, "../docs/faithfulness.md"), "utf8");
    const rows = [...page.matchAll(/^\| `([^`]+)` \|.*$/gm)];
    // Written anew by `pnpm golden --write`.
    expect(rows.map(([, name]) => name)).toEqual(ownCases().map(({ name }) => shortName(name)));
    expect(rows.filter(([row]) => row.includes("failed"))).toEqual([]);
  });
  it("the page says what passed, failed, was left out, or had no device", () => {
    const report = { name: "a/fixtures/x", kind: "k", passed: true, worst: 0.1234, where: "", results: [] };
    const page = faithfulnessPage([
      { device: "wasm", description: "CPU", reports: [report, { ...report, name: "a/fixtures/y", worst: 0 }, { ...report, name: "a/fixtures/z", passed: false }] },
      { device: "webgpu", description: "none here", reports: [] },
      { device: "reference", description: "loops", reports: [{ ...report, passed: false, leftOut: "too slow" }] },
    ]);
    expect(page).toContain("| `a/x` | k | 0 | 0.12 |  | left out |\n| `a/y` | k | 0 | exact |  |  |\n| `a/z` | k | 0 | **failed** |  |  |");
    expect(page).toContain("- **wasm**: CPU; 2 passed, 1 failed\n- **webgpu**: none here\n- **reference**: loops; 0 passed, 0 failed, 1 left out\n\nLeft out:\n\n- `a/x`: too slow\n");
  });
  it("says clearly that a folder is missing", () => {
    expect(() => findCases(join(folder, "nowhere"))).toThrow(/^golden: there is no folder ".*nowhere"; expected one with golden cases, each a JSON manifest and its files\. Check the path\.$/);
  });
});
