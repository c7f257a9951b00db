import { describe, expect, it } from "vitest";
import type { BenchCase } from "./bench-case.ts";
import type { CaseResult } from "./runner.ts";
import { formatCase, milliseconds, toJson, toMarkdown } from "./table.ts";
import { targets } from "./targets/index.ts";

const target = (name: string) => targets.find((one) => one.name === name)!;
const measured = (name: string, medianMs: number, difference = 0) =>
  ({ kind: "measured", target: target(name), summary: { medianMs, p10Ms: medianMs * 0.9, p90Ms: medianMs * 1.1 }, gflops: 100 / medianMs, version: "1.0", difference }) as const;
const result: CaseResult = {
  benchCase: { name: "product", does: "A·B", flops: 1e8, tolerance: 1e-4 } as BenchCase,
  outcomes: [
    measured("multiway-wasm-1", 20),
    measured("multiway-wasm-2", 10),
    measured("ort-web-2", 15, 3e-2),
    { kind: "cannot", target: target("tfjs-wasm"), reason: "it has none" },
    { kind: "failed", target: target("jax-js-wasm"), reason: "out of memory\nat f" },
  ],
};

describe("table", () => {
  it("shows figures, ratios to ours, what differs and what is missing", () => {
    expect(formatCase(result)).toMatchInlineSnapshot(`
      "product: A·B
        target           median ms   p10   p90  GFLOP/s  time / ours  result
        multiway-wasm-1       20.0  18.0  22.0      5.0         2.00  same
        multiway-wasm-2       10.0  9.00  11.0     10.0         1.00  same
        ort-web-2             15.0  13.5  16.5      6.7         1.50  DIFFERS by 3.0e-2 of the mean
        tfjs-wasm                –                                    it has none
        jax-js-wasm              –                                    failed: out of memory"
    `);
  });
  it("shows three figures", () => {
    expect([1234.5, 123.45, 12.345, 1.2345, 0.12345].map(milliseconds)).toEqual(["1235", "123", "12.3", "1.23", "0.123"]);
  });
  it("has no ratio without ours", () => {
    expect(formatCase({ ...result, outcomes: [measured("ort-web-2", 15)] }).split("\n").at(-1)).toMatch(/ort-web-2 +15\.0 +13\.5 +16\.5 +6\.7 +– +same/);
  });
  it("writes data: measurements alone", () => {
    expect(JSON.parse(toJson([result]))).toEqual([
      { case: "product", target: "multiway-wasm-1", medianMs: 20, p10Ms: 18, p90Ms: 22, gflops: 5 },
      { case: "product", target: "multiway-wasm-2", medianMs: 10, p10Ms: 9, p90Ms: 11, gflops: 10 },
      { case: "product", target: "ort-web-2", medianMs: 15, p10Ms: 13.5, p90Ms: 16.5, gflops: 100 / 15 },
    ]);
  });
  it("writes a page with machine, commit, an overview and each case", () => {
    const page = toMarkdown([result], { processor: "A CPU", cores: 2, system: "Linux 6", node: "v20", commit: "abc", date: "2026-01-02" }, 3);
    expect(page).toContain("| Processor | A CPU, 2 cores |");
    expect(page).toContain("| Commit | abc |");
    expect(page).toContain("| median, ms | multiway-wasm-1 | multiway-wasm-2 | ort-web-2 |\n| --- | --: | --: | --: |\n| `product` | 20.0 | 10.0 | 15.0 |");
    expect(page).toContain("### product\n\nA·B\n");
  });
});
