import type { DeviceFactory } from "@multiway/tensor";
import type { Target } from "./target.ts";

function multiway(name: string, title: string, factory: () => Promise<DeviceFactory>): Target {
  return {
    name,
    title,
    async prepare(benchCase) {
      const { Device } = await import("@multiway/tensor");
      const opened = await (await factory()).open();
      if ("unavailable" in opened) return opened;
      const device = new Device(opened);
      return { run: await benchCase.multiway(device), version: device.description };
    },
  };
}

const wasmThreads = (threads: number, relaxedSimd = true) => async () => (await import("@multiway/wasm")).wasm({ threads, relaxedSimd });

export const multiwayTargets: readonly Target[] = [
  multiway("multiway-wasm-1", "Multiway on the CPU, 1 thread", wasmThreads(1)),
  multiway("multiway-wasm-2", "Multiway on the CPU, 2 threads", wasmThreads(2)),
  multiway("multiway-wasm-2-plain", "Multiway on the CPU, 2 threads, without relaxed SIMD", wasmThreads(2, false)),
  multiway("multiway-webgpu", "Multiway on WebGPU", async () => (await import("@multiway/webgpu")).webgpu()),
  multiway("multiway-webgpu-f16", "Multiway on WebGPU, f16 arithmetic and matrix units where there are any", async () => (await import("@multiway/webgpu")).webgpu({ arithmetic: "f16", subgroupMatrix: true })),
];
