import type { Block } from "./memory.ts";
import type { Pipeline, Pipelines } from "./pipelines.ts";

/** Puts one half float in the low half of a word and keeps the other: copies move whole words. */
const text = `
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> change: array<u32>;
@compute @workgroup_size(1)
fn main() {
  let word = words[change[0]];
  words[change[0]] = (word & 0xffff0000u) | (change[1] & 0xffffu);
}`;

export const lastHalfPipeline = (pipelines: Pipelines): Pipeline => pipelines.get("multiway last half", text, 2);

/** `change` is a block that holds the word's number and the half. */
export function putLastHalf(device: GPUDevice, { pipeline, layout }: Pipeline, target: Block, bytes: number, change: Block): void {
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
