import type { DeviceBackend } from "@multiway/tensor/device";
import { runBackendSuite } from "@multiway/testing/backend-suite";
import { describe, expect, test } from "vitest";
import { wasm, type WasmOptions } from "./index.ts";

const opener = (options: WasmOptions) => async (): Promise<DeviceBackend> => {
  const device = await wasm(options).open();
  if ("unavailable" in device) throw new Error(device.unavailable);
  return device;
};

test("this page may share memory, and gets its threads", async () => {
  expect(crossOriginIsolated).toBe(true);
  const device = await opener({ threads: 2 })();
  expect(device.description).toMatch(/2 threads$/);
  await device.close();
});

test("the worker may come from a file", async () => {
  const device = await opener({ threads: 2, workerUrl: new URL("./worker-file.ts", import.meta.url) })();
  const x = device.allocate("f32", 1);
  device.write(x, Float32Array.of(3));
  expect((await device.read(x))[0]).toBe(3);
  await device.close();
});

describe("1 thread", () => runBackendSuite(opener({ threads: 1 }), { quick: true }));
describe("2 threads", () => runBackendSuite(opener({ threads: 2 }), { quick: true }));
