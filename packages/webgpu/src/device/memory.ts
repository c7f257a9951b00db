import { DeviceError } from "@multiway/errors";
import { bufferUsage } from "./constants.ts";

/** A run of bytes that a tensor, constant or scalar block occupies. */
export interface Block {
  /** Of this place. It is never that of another, so that caches may be keyed by it. */
  readonly id: number;
  readonly gpu: GPUBuffer;
  /** Which GPUBuffer: usage and aliasing rules go by it. Numbers are never used again. */
  readonly memory: number;
  readonly offset: number;
  /** Bytes that may be used. */
  readonly capacity: number;
}

export interface MemoryOptions {
  /** Smallest distance of two bindings of one buffer: `minStorageBufferOffsetAlignment`, 256 by default. */
  alignment: number;
  maxBufferBytes: number;
  onAllocation: () => void;
}

/** One GPUBuffer, shared by many blocks, so that a dispatch over many tensors binds few buffers. */
interface Slab {
  readonly gpu: GPUBuffer;
  readonly memory: number;
  readonly bytes: number;
  /** In the order of offsets; neighbours never touch. */
  readonly gaps: Gap[];
}

interface Gap {
  offset: number;
  bytes: number;
}

/** A slab has half as much as all before it, and at least and at most so much; what is larger has one of its own. */
const smallestSlab = 4 * 1024 * 1024;
const largestSlab = 256 * 1024 * 1024;

/** Slabs that nobody uses go back to the system when they have more than this, and more than what is in use. */
const idleBytesKept = 256 * 1024 * 1024;

/** Larger than any offset in a buffer. */
const offsetsPerMemory = 2 ** 36;

/** Size classes grow by quarters of a power of two, so that at most a fifth of a block is idle. */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** Math.max(8, Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

/** Hands out device memory and takes it back for reuse. */
export class Memory {
  private readonly slabs = new Map<number, Slab>();
  private nextMemory = 1;
  private totalBytes = 0;
  private usedBytes = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly options: MemoryOptions,
  ) {}

  /** A block of at least `bytes`, and of one element of any kind for nothing: a binding may not be empty. The smallest gap that fits is used. */
  take(bytes: number, label: string): Block {
    const distance = Math.max(256, this.options.alignment);
    const capacity = Math.ceil(Math.max(bytes, 16) / distance) * distance;
    let best: { slab: Slab; index: number } | undefined;
    for (const slab of this.slabs.values()) {
      slab.gaps.forEach((gap, index) => {
        if (gap.bytes >= capacity && (!best || gap.bytes < best.slab.gaps[best.index]!.bytes)) best = { slab, index };
      });
    }
    const { slab, index } = best ?? { slab: this.addSlab(capacity, label), index: 0 };
    const gap = slab.gaps[index]!;
    const { offset } = gap;
    if (gap.bytes === capacity) slab.gaps.splice(index, 1);
    else slab.gaps[index] = { offset: offset + capacity, bytes: gap.bytes - capacity };
    this.usedBytes += capacity;
    return { id: slab.memory * offsetsPerMemory + offset, gpu: slab.gpu, memory: slab.memory, offset, capacity };
  }

  /** Commands that were submitted still find the block intact: later ones come after them in the queue. */
  give({ memory, offset, capacity }: Block): void {
    this.usedBytes -= capacity;
    const { gaps } = this.slabs.get(memory)!;
    const behind = gaps.findIndex((gap) => gap.offset > offset);
    const index = behind < 0 ? gaps.length : behind;
    const [before, after] = [gaps[index - 1], gaps[index]];
    const touchesBefore = before !== undefined && before.offset + before.bytes === offset;
    const touchesAfter = after !== undefined && offset + capacity === after.offset;
    const start = touchesBefore ? before.offset : offset;
    const end = touchesAfter ? after.offset + after.bytes : offset + capacity;
    gaps.splice(index - (touchesBefore ? 1 : 0), (touchesBefore ? 1 : 0) + (touchesAfter ? 1 : 0), { offset: start, bytes: end - start });
    if (this.totalBytes - this.usedBytes > Math.max(idleBytesKept, this.usedBytes)) this.trim();
  }

  /** A buffer outside the pool. */
  own(bytes: number, label: string, usage: number = bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination): { gpu: GPUBuffer; memory: number } {
    if (bytes > this.options.maxBufferBytes) {
      throw new DeviceError(`webgpu: ${label} needs ${bytes} bytes in one buffer; this adapter allows ${this.options.maxBufferBytes}. Use smaller batches, f16 weights, or the wasm device.`, {
        details: { bytes, maxBufferBytes: this.options.maxBufferBytes },
      });
    }
    this.options.onAllocation();
    return { gpu: this.device.createBuffer({ label, size: bytes, usage }), memory: this.nextMemory++ };
  }

  private addSlab(capacity: number, label: string): Slab {
    const wanted = Math.min(largestSlab, this.options.maxBufferBytes, Math.max(smallestSlab, Math.ceil(this.totalBytes / 512) * 256));
    const bytes = Math.max(wanted, capacity);
    const slab: Slab = { ...this.own(bytes, bytes > wanted ? label : "multiway slab"), bytes, gaps: [{ offset: 0, bytes }] };
    this.slabs.set(slab.memory, slab);
    this.totalBytes += bytes;
    return slab;
  }

  /** Destroys slabs that nobody uses, the largest first, until half as much is idle. Work in flight keeps what it uses. */
  private trim(): void {
    const idle = [...this.slabs.values()].filter(({ gaps, bytes }) => gaps[0]?.bytes === bytes).sort((a, b) => b.bytes - a.bytes);
    const target = (this.totalBytes - this.usedBytes) / 2;
    for (const slab of idle) {
      if (this.totalBytes - this.usedBytes <= target) return;
      slab.gpu.destroy();
      this.slabs.delete(slab.memory);
      this.totalBytes -= slab.bytes;
    }
  }
}
