import { afterAll, describe, expect } from "vitest";
import { runBackendSuite } from "@multiway/testing/backend-suite";
import type { DeviceBackend } from "@multiway/tensor/device";
import { openForTest } from "./test-device.ts";

describe("webgpu agrees with the reference device", () => {
  const opened: DeviceBackend[] = [];
  // After the suite has run: tests that pass have launched kernels, on this device.
  afterAll(() => expect(opened[0]!.counters.dispatches).toBeGreaterThan(0));
  runBackendSuite(
    async () => {
      const device = await openForTest();
      opened.push(device);
      return device;
    },
    { timeoutMs: 60_000 },
  );
});
