import type { Block } from "./memory.ts";
import type { Pipeline } from "./pipelines.ts";
import type { Host } from "./program.ts";

/** Puts one half float in the low half of a word and keeps the other: copies move whole words. */
const text = `
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> change: array<u32>;
@compute @workgroup_size(1)
fn main() {
  let word = words[change[0]];
  words[change[0]] = (word & 0xffff0000u) | (change[1] & 0xffffu);
}`;

/** Writes an odd number of half floats from byte `start` on, in front of others: the last shares its word with one that stays. */
export async function writeOdd({ device, memory, pipelines }: Pick<Host, "device" | "memory" | "pipelines">, target: Block, start: number, bits: Uint32Array, upload: (block: Block, bits: Uint32Array, start?: number) => void): Promise<void> {
  const pipeline = pipelines.get("multiway last half", text, 2);
  await pipeline.ready;
  if (pipeline.error) throw pipeline.error;
  const last = bits.length - 1;
  upload(target, bits.subarray(0, last), start);
  const change = memory.take(8, "multiway last half");
  upload(change, Uint32Array.of(start / 4 + last, bits[last]!));
  putLastHalf(device, pipeline, target, start + 4 * bits.length, change);
  memory.give(change);
}

/** `change` is a block that holds the word's number and the half. */
function putLastHalf(device: GPUDevice, { pipeline, layout }: Pipeline, target: Block, bytes: number, change: Block): void {
  const entries = [
    { binding: 0, resource: { buffer: target.gpu, offset: target.offset, size: bytes } },
    { binding: 1, resource: { buffer: change.gpu, offset: change.offset, size: 8 } },
  ];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline!);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  device.queue.submit([encoder.finish()]);
}
