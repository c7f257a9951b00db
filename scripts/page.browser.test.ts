import { expect, onTestFinished, test, vi } from "vitest";

/** Runs a page that scripts/serve-pages.ts serves, and gives its product and the files that it fetched. */
async function visit(name: string): Promise<{ product: Float32Array; fetched: string[] }> {
  const folder = new URL(`/built-pages/${encodeURI(name)}/`, location.href);
  performance.clearResourceTimings();
  performance.setResourceTimingBufferSize(1000);
  const { product } = (await import(/* @vite-ignore */ new URL("page.js", folder).href)) as { product: Float32Array };
  const urls = performance.getEntriesByType("resource").map((entry) => entry.name);
  return { product, fetched: urls.filter((url) => url.startsWith(folder.href)).map((url) => url.slice(folder.href.length)).sort() };
}

test.each(["webgpu", "wasm", "wasm isolated", "webgpu of two"])("a page that multiplies two matrices loads what pnpm size counts, and nothing else: %s", async (name) => {
  expect(crossOriginIsolated).toBe(true);
  if (name === "wasm") vi.stubGlobal("crossOriginIsolated", false);
  onTestFinished(() => void vi.unstubAllGlobals());
  const { product, fetched } = await visit(name);
  expect(product).toEqual(new Float32Array(64 * 64).fill(64));
  const counted = (await (await fetch(`/built-pages/${encodeURI(name)}/loaded.json`)).json()) as string[];
  expect(counted.length).toBeGreaterThan(3);
  expect(fetched).toEqual(counted.sort());
});

test.each(["webgpu", "wasm"])("code that cannot be had rejects the read, with the kernel's name: %s", async (device) => {
  await expect(visit(`${device} without matmul`)).rejects.toThrow(/matmul.*Failed to fetch dynamically imported module/);
});
