import { describe } from "vitest";
import { runBackendSuite } from "@multiway/testing/backend-suite";
import { openForTest } from "./test-device.ts";

describe("with no more than every WebGPU device has", () => {
  // Three segments need more than the eight bindings of a small adapter, so they are joined first.
  runBackendSuite(() => openForTest({ limits: "default" }), { only: /attention: three segments|layerNorm|crossEntropy|launches/, quick: false });
});

describe("with buffers in pieces of 1024 bytes", () => {
  runBackendSuite(() => openForTest({ maxBindingBytes: 1024 }), { only: /^(elementwise: (add|negate|select)|packHalf: |gather: (f16|bool|i32|strided))/, quick: true });
});

describe("with buffers in pieces of 128 KiB", () => {
  runBackendSuite(() => openForTest({ maxBindingBytes: 131072 }), { only: /^launches/, quick: true });
});
