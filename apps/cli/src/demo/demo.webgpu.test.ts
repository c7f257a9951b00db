import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import sharp from "sharp";
import { defaultDataFolder } from "../default-data-folder.ts";
import { runCli } from "../run-cli.ts";
import type { DemoResult } from "./result.ts";

/** The first few emoji of every style: a software adapter computes a thousand times slower than a GPU. */
async function smallSet(folder: string, count: number): Promise<void> {
  const concepts = JSON.parse(await readFile(join(defaultDataFolder, "concepts.json"), "utf8")) as { id: string }[];
  const chosen = concepts.slice(100, 100 + count);
  await writeFile(join(folder, "concepts.json"), JSON.stringify(chosen));
  for (const style of ["noto", "twemoji", "emojitwo", "blob"]) {
    const index = JSON.parse(await readFile(join(defaultDataFolder, `${style}.json`), "utf8")) as { tile: number; columns: number; ids: string[] };
    const ids = chosen.map(({ id }) => id).filter((id) => index.ids.includes(id));
    const tiles = ids.map((id, place) => ({ place, from: index.ids.indexOf(id) }));
    const sheet = sharp(join(defaultDataFolder, `${style}.webp`));
    const cut = await Promise.all(
      tiles.map(async ({ place, from }) => ({
        input: await sheet.clone().extract({ left: (from % index.columns) * index.tile, top: Math.floor(from / index.columns) * index.tile, width: index.tile, height: index.tile }).png().toBuffer(),
        left: place * index.tile,
        top: 0,
      })),
    );
    await sharp({ create: { width: ids.length * index.tile, height: index.tile, channels: 3, background: "#fff" } }).composite(cut).webp({ lossless: true }).toFile(join(folder, `${style}.webp`));
    await writeFile(join(folder, `${style}.json`), JSON.stringify({ ...index, columns: ids.length, count: ids.length, ids }));
  }
}

it("demo --device webgpu --steps 4 goes all the way, on the adapter that was named", { timeout: 400_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "multiway-demo-"));
  try {
    await smallSet(folder, 24);
    const out = join(folder, "out");
    expect(await runCli(["demo", "--device", "webgpu", "--steps", "4", "--batch", "6", "--data", folder, "--out", out])).toBe(0);
    const result = JSON.parse(await readFile(join(out, "result.json"), "utf8")) as DemoResult;
    expect(result.device).toBe("webgpu");
    expect(result.losses.pretraining.loss).toHaveLength(4);
    expect(result.losses.pretraining.loss[3]).toBeLessThan(result.losses.pretraining.loss[0]!);
    expect(await readFile(join(out, "report.html"), "utf8")).toContain("<!doctype html>");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
