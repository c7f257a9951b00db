import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { tileNames } from "../kernels/matmul-tiles.ts";
import { numbers, openForTest, opKernel, programOf, runKernel } from "../test-device.ts";

// The smallest product that is measured, 134 million operations, costs a software adapter a second for each tile: these run one of the next class.
const [m, k, n] = [256, 512, 520];
const product = opKernel("matmul", {}, [{ data: numbers(1), shape: [m, k] }, { data: numbers(1), shape: [k, n] }], [{ shape: [m, n] }]);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-tiles-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});
const file = (): string => join(folder, "multiway", "webgpu-tiles.json");

it("measures a class of products when it first comes up, once, and writes down the winner", { timeout: 180_000 }, async () => {
  const device = await openForTest({ autotune: "force" });
  expect(device.description).toContain("tiles by measurement");
  const [a, b] = [numbers(m * k), numbers(k * n, 2)];
  const [c] = await runKernel(device, product, [a, b, m * n]);
  let expected = 0;
  for (let i = 0; i < k; i++) expected += a[3 * k + i]! * b[i * n + 5]!;
  expect(c![3 * n + 5]).toBeCloseTo(expected, 3);

  const { version, adapters } = JSON.parse(await readFile(file(), "utf8")) as { version: number; adapters: Record<string, Record<string, string>> };
  expect(version).toBe(1);
  const [[adapter, classes]] = Object.entries(adapters) as [[string, Record<string, string>]];
  expect(device.description.startsWith(`${adapter};`)).toBe(true);
  expect(Object.keys(classes)).toEqual(["1 256 512 768 f32r f32r"]);
  expect(tileNames).toContain(classes["1 256 512 768 f32r f32r"]);
  expect((await device.explain!(product)).source).toContain(`matmulTiled ${classes["1 256 512 768 f32r f32r"]}`);

  const { pipelines } = device.counters;
  device.load(programOf(product, [m * k, k * n, m * n]));
  await device.synchronize();
  expect(device.counters.pipelines).toBe(pipelines);
  await device.close();

  // Another device of the adapter takes what was measured.
  await writeFile(file(), JSON.stringify({ version: 1, adapters: { [adapter]: { "1 256 512 768 f32r f32r": "32x64", "1 64 64 64 f32r f32r": "9x9" } } }));
  const second = await openForTest({ autotune: "force" });
  expect((await second.explain!(product)).source).toContain("matmulTiled 32x64");
  await second.close();
});

it("measures nothing on a software adapter unless it must, nor with a tile of one's own, and takes a broken file for an empty one", async () => {
  await expect(readFile(file(), "utf8")).rejects.toThrow();
  for (const options of [{}, { autotune: "force", tile: "32x64" }, { autotune: false }] as const) {
    const device = await openForTest(options);
    expect(device.description).not.toContain("by measurement");
    const program = device.load(programOf(product, [m * k, k * n, m * n]));
    await device.synchronize();
    expect(device.counters.pipelines).toBe(1);
    device.unload(program);
    await device.close();
  }
  const { mkdir } = await import("node:fs/promises");
  await mkdir(join(folder, "multiway"));
  await writeFile(file(), "{ broken");
  const device = await openForTest({ autotune: "force" });
  expect((await device.explain!(product)).source).toContain("matmulTiled 64x64");
  await device.close();
});

it("times what a device is asked to run by its own clock", async () => {
  const device = await openForTest();
  const buffers = [m * k, k * n, m * n].map((length) => device.allocate("f32", length));
  const program = device.load(programOf(product, [m * k, k * n, m * n]));
  device.run(program, buffers, new Uint32Array(0));
  await device.synchronize();
  const start = performance.now();
  const ms = await device.elapsed!(() => device.run(program, buffers, new Uint32Array(0)));
  expect(ms).toBeGreaterThan(1);
  expect(ms).toBeLessThan(performance.now() - start);
  expect(await device.elapsed!(() => undefined)).toBe(0);
  await device.close();
});
