import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runCli } from "../run-cli.ts";
import type { DemoResult } from "./result.ts";
import { smallSet } from "./small-set.samples.ts";

it("demo --device webgpu --steps 3 goes all the way, on the adapter that was named", { timeout: 400_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "multiway-demo-"));
  try {
    await smallSet(folder, 16);
    const out = join(folder, "out");
    expect(await runCli(["demo", "--device", "webgpu", "--steps", "3", "--batch", "4", "--data", folder, "--out", out])).toBe(0);
    const result = JSON.parse(await readFile(join(out, "result.json"), "utf8")) as DemoResult;
    expect(result.device).toBe("webgpu");
    expect(result.losses.pretraining.loss).toHaveLength(3);
    expect(result.losses.pretraining.loss[2]).toBeLessThan(result.losses.pretraining.loss[0]!);
    expect(await readFile(join(out, "report.html"), "utf8")).toContain("<!doctype html>");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
