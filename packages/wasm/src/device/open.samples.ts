import type { DeviceBackend } from "@multiway/tensor/device";
import { onTestFinished } from "vitest";
import { wasm, type WasmOptions } from "../index.ts";
import type { Workers } from "./workers.ts";

/** A device that is closed at the end of the test. */
export async function open(options: WasmOptions): Promise<DeviceBackend> {
  const device = await wasm(options).open();
  if ("unavailable" in device) throw new Error(device.unavailable);
  onTestFinished(() => device.close());
  return device;
}

/** Threads that do nothing and answer nothing, over a memory of so many pages. */
export function idleWorkers(initialPages: number, maximumPages: number): Workers {
  return {
    threads: 2, relaxedSimd: false, relaxedSimdHere: false, initialPages, maximumPages, description: "idle",
    memory: new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages, shared: true }),
    onMessage() {}, onDeath() {}, keepAlive() {}, wake() {}, post() {},
    async close() {},
  } as unknown as Workers;
}
