import type { DeviceFactory } from "@multiway/tensor/device";
import { findGpu } from "#gpu";
import type { WebGPUOptions } from "./device/open.ts";

/**
 * The WebGPU device, for browsers, and for Node with the package `webgpu` installed.
 *
 * Nothing is asked of the machine before `open()`, which gives the device, or the reason why there is none: no WebGPU, no adapter, or
 * only a software adapter (SwiftShader, llvmpipe) unless `allowSoftware` is set, since the wasm device is many times faster.
 *
 * @example
 * const device = await openDevice([webgpu(), wasm()]); // a hardware GPU, else the CPU
 */
export function webgpu(options: WebGPUOptions = {}): DeviceFactory {
  return {
    name: "webgpu",
    async open() {
      const gpu = options.gpu ?? (await findGpu(options.subgroupMatrix));
      if ("unavailable" in gpu) return gpu;
      // A page that may take one of several devices loads the one that it gets.
      const { openWebGPU } = await import("./device/index.ts");
      return openWebGPU(options, gpu);
    },
  };
}
