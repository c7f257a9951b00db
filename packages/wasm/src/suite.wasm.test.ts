import type { DeviceBackend } from "@multiway/tensor/device";
import { runBackendSuite } from "@multiway/testing/backend-suite";
import { describe } from "vitest";
import { wasm, type WasmOptions } from "./index.ts";

const opener = (options: WasmOptions) => async (): Promise<DeviceBackend> => {
  const device = await wasm(options).open();
  if ("unavailable" in device) throw new Error(device.unavailable);
  return device;
};

describe("1 thread", () => runBackendSuite(opener({ threads: 1 })));
describe("2 threads", () => runBackendSuite(opener({ threads: 2 })));
describe("without relaxed SIMD", () => runBackendSuite(opener({ threads: 2, relaxedSimd: false })));
describe("the same bits with 1 and 2 threads", () => runBackendSuite(opener({ threads: 1 }), { bitwise: opener({ threads: 2 }) }));
