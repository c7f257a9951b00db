import type { HostArray, KernelBuffer } from "@multiway/tensor/device";
import { ModuleBuilder, type Target } from "../assembler/index.ts";
import { defineKernelFunction, literalWord, type GeneratedKernel, type KernelFunction } from "./kernel.ts";

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/**
 * For tests: runs a generated kernel in this thread, without a device.
 *
 * @param data    contents of the kernel's buffers; those that are written hold the results afterwards
 * @param options `tasksPerCall` splits each phase in calls of that many tasks, last range first: results must not depend on it. `rounds` times the kernel.
 * @returns       milliseconds of the fastest round
 */
export function runKernel(
  generated: GeneratedKernel,
  buffers: readonly KernelBuffer[],
  data: readonly HostArray[],
  target: Target,
  options: { tasksPerCall?: number; rounds?: number } = {},
): number {
  const functions = new Map<string, { name: string; definition: KernelFunction }>();
  for (const { function: definition } of generated.phases) functions.set(definition.key, { name: `f${functions.size}`, definition });

  let end = 64;
  const take = (bytes: number): number => (end += align(bytes) + 64) - align(bytes) - 64;
  const addresses = data.map((array) => take(array.byteLength));
  const scratch = take(generated.scratchBytes ?? 0);
  const workspace = take(generated.workspaceBytes ?? 0);
  const argumentAddresses = generated.phases.map((phase) => take(4 * Object.keys(phase.function.parameters).length));

  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65536), maximum: 65536 });
  const module = new ModuleBuilder({ ...target, memory: { module: "device", name: "memory", initialPages: 1, maximumPages: 65536, shared: false } });
  for (const { name, definition } of functions.values()) defineKernelFunction(module, name, definition);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { device: { memory } });

  const bytes = new Uint8Array(memory.buffer);
  const words = new Int32Array(memory.buffer);
  // Stale memory: nothing may rely on zeros.
  words.fill(0x7fc0dead);
  data.forEach((array, index) => bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), addresses[index]));
  generated.phases.forEach((phase, index) => {
    Object.entries(phase.function.parameters).forEach(([name, type], position) => {
      const argument = phase.arguments[name]!;
      const word =
        typeof argument === "number"
          ? literalWord(type, argument)
          : "buffer" in argument
            ? addresses[argument.buffer]! + (argument.offsetBytes ?? 0)
            : workspace + argument.workspaceOffsetBytes;
      words[argumentAddresses[index]! / 4 + position] = word;
    });
  });

  let fastestMs = Infinity;
  for (let round = 0; round < (options.rounds ?? 1); round++) {
    const start = performance.now();
    generated.phases.forEach((phase, index) => {
      const run = instance.exports[functions.get(phase.function.key)!.name] as (...words: number[]) => void;
      const step = options.tasksPerCall ?? Math.max(1, phase.tasks);
      for (let first = Math.ceil(phase.tasks / step - 1) * step; first >= 0; first -= step) {
        run(argumentAddresses[index]!, scratch, first, Math.min(first + step, phase.tasks));
      }
    });
    fastestMs = Math.min(fastestMs, performance.now() - start);
  }
  data.forEach((array, index) => {
    if (buffers[index]!.access !== "read") new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(bytes.subarray(addresses[index]!, addresses[index]! + array.byteLength));
  });
  return fastestMs;
}
