import { expect, test } from "vitest";

test("a page gets a WebGPU adapter", async () => {
  const adapter = await navigator.gpu?.requestAdapter();
  expect(adapter?.info.vendor).toBeTruthy();
});

test("a page is cross-origin isolated, so that threads can share memory", () => {
  expect(crossOriginIsolated).toBe(true);
  expect(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer).toBeInstanceOf(SharedArrayBuffer);
});
