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
describe("everything in workers", () => runBackendSuite(opener({ threads: 2, inline: false })));
describe("without relaxed SIMD", () => runBackendSuite(opener({ threads: 2, relaxedSimd: false, inline: false })));
describe("the same bits in 1 thread as in 2 workers", () => runBackendSuite(opener({ threads: 1 }), { bitwise: opener({ threads: 2, inline: false }) }));
