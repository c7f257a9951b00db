import { bufferUsage, mapModeRead } from "./constants.ts";
import { sizeClass } from "./memory.ts";

/** Staging buffers for reads, by size class, used again. */
export class Readback {
  private readonly free = new Map<number, GPUBuffer[]>();

  constructor(
    private readonly device: GPUDevice,
    private readonly onAllocation: () => void,
  ) {}

  /** Copies `bytes` (a multiple of 4) out of a buffer after all that was submitted before. */
  async read(source: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const capacity = sizeClass(bytes);
    let staging = this.free.get(capacity)?.pop();
    if (!staging) {
      this.onAllocation();
      staging = this.device.createBuffer({ label: "multiway readback", size: capacity, usage: bufferUsage.mapRead | bufferUsage.copyDestination });
    }
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, offset, staging, 0, bytes);
    this.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(mapModeRead, 0, bytes);
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    const list = this.free.get(capacity);
    if (!list) this.free.set(capacity, [staging]);
    // A few of each size are enough for reads in flight; more would hold memory for nothing.
    else if (list.length < 4) list.push(staging);
    else staging.destroy();
    return copy;
  }
}
