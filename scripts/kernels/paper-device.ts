import { Device } from "@multiway/tensor";
import type { DeviceBackend, DeviceLimits, Program } from "@multiway/tensor/device";

/** What programs are lowered for. */
export const limitsOf: Readonly<Record<"webgpu" | "wasm", DeviceLimits>> = {
  webgpu: { maxBuffersPerKernel: 8, maxBindingBytes: 2 ** 27, offsetAlignment: 256 },
  wasm: { maxBuffersPerKernel: 256, maxBindingBytes: 2 ** 32 - 2 ** 16, offsetAlignment: 64 },
};

/** A device that keeps the programs that it is given, and computes nothing: what is read is 0. */
export function openPaperDevice(limits: DeviceLimits): { device: Device; programs: Program[] } {
  const programs: Program[] = [];
  let nextId = 1;
  const backend: DeviceBackend = {
    name: "paper",
    description: "computes nothing",
    limits,
    fuses: true,
    counters: { dispatches: 0, pipelines: 0, allocations: 0, programs: 0, liveBytes: 0, liveBuffers: 0 },
    lost: new Promise(() => {}),
    allocate: (dtype, length) => ({ id: nextId++, dtype, length }),
    write() {},
    read: ({ dtype, length }, offset = 0, count = length - offset) => Promise.resolve(dtype === "f32" ? new Float32Array(count) : dtype === "f16" ? new Uint16Array(count) : dtype === "i32" ? new Int32Array(count) : new Uint32Array(count)),
    free() {},
    load(program) {
      programs.push(program);
      return { id: nextId++ };
    },
    run() {},
    unload() {},
    synchronize: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { device: new Device(backend), programs };
}
