import { bytesOf, type DeviceBackend, type OpKernel, type Program } from "@multiway/tensor/device";
import { wasm } from "../src/index.ts";

export interface Timing {
  /** Milliseconds of one kernel. */
  median: number;
  tenth: number;
  ninetieth: number;
}

/** Opens the device with so many threads. */
export async function openWith(threads: number, relaxedSimd = true): Promise<DeviceBackend> {
  const device = await wasm({ threads, relaxedSimd }).open();
  if ("unavailable" in device) throw new Error(device.unavailable);
  return device;
}

/** Fills a buffer with numbers between −0.5 and 0.5, or, for i32, with whole ones below `limit`. */
function fill(device: DeviceBackend, dtype: OpKernel["inputs"][0]["dtype"], length: number, limit: number) {
  const buffer = device.allocate(dtype, length);
  if (dtype === "f16") device.write(buffer, new Uint16Array(length).map((_, i) => 0x3000 + (i % 1021)));
  else if (dtype === "f32") device.write(buffer, new Float32Array(length).map((_, i) => ((i * 7919) % 1009) / 1009 - 0.5));
  else device.write(buffer, new Int32Array(length).map((_, i) => (i * 7919) % limit));
  return buffer;
}

/**
 * Times one kernel on its own: programs of `repeats` equal steps, so that a run takes about 20 ms.
 *
 * @param limit  what i32 inputs stay below
 */
export async function timeKernel(device: DeviceBackend, kernel: OpKernel, { rounds = 15, limit = 1 } = {}): Promise<Timing> {
  const layouts = [...kernel.inputs, ...kernel.outputs];
  const lengths = kernel.buffers.map((_, index) =>
    Math.max(...layouts.filter(({ buffer }) => buffer === index).map(({ shape, strides, offset }) => offset + 1 + shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, 0))),
  );
  const bindings = kernel.buffers.map(({ dtype }, index) => fill(device, dtype, lengths[index]!, limit));
  const program = (repeats: number): Program => ({
    label: kernel.label,
    kernels: [kernel],
    buffers: kernel.buffers.map(({ dtype }, index) => ({ dtype, length: lengths[index]!, place: { kind: "binding", index } })),
    steps: Array.from({ length: repeats }, () => ({ kernel: 0, buffers: kernel.buffers.map((_, index) => index) })),
    arenaBytes: 0,
    numBindings: bindings.length,
    numScalars: 0,
  });
  const noScalars = new Uint32Array(0);
  const run = async (loaded: ReturnType<DeviceBackend["load"]>): Promise<number> => {
    const start = performance.now();
    device.run(loaded, bindings, noScalars);
    await device.synchronize();
    return performance.now() - start;
  };
  // Until the optimising compiler has replaced the first code.
  const trial = device.load(program(1));
  let once = Infinity;
  for (const end = performance.now() + 400; performance.now() < end; ) once = Math.min(once, await run(trial));
  device.unload(trial);

  const repeats = Math.max(1, Math.round(20 / once));
  const loaded = device.load(program(repeats));
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push((await run(loaded)) / repeats);
  device.unload(loaded);
  for (const buffer of bindings) device.free(buffer);
  times.sort((x, y) => x - y);
  const at = (share: number): number => times[Math.round(share * (times.length - 1))]!;
  return { median: at(0.5), tenth: at(0.1), ninetieth: at(0.9) };
}

export const megabytes = (kernel: OpKernel): number => [...kernel.inputs, ...kernel.outputs].reduce((sum, { shape, dtype }) => sum + bytesOf(dtype) * shape.reduce((x, y) => x * y, 1), 0) / 1e6;
