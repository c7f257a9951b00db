import { DeviceError } from "@multiway/errors";
import { bufferUsage } from "./constants.ts";

/** A run of bytes that a tensor, constant or scalar block occupies. Numbers are never used again, so that caches may be keyed by them. */
export interface Block {
  readonly id: number;
  readonly gpu: GPUBuffer;
  /** Which GPUBuffer: usage and aliasing rules go by it. */
  readonly memory: number;
  readonly offset: number;
  /** Bytes that may be used: a size class. */
  readonly capacity: number;
}

export interface MemoryOptions {
  /** Smallest distance of two bindings of one buffer: `minStorageBufferOffsetAlignment`, 256 by default. */
  alignment: number;
  maxBufferBytes: number;
  onAllocation: () => void;
}

/** Small results share buffers: 256 of 256 bytes each. */
const slabBlocks = 256;

/** Free memory beyond this, and beyond what is in use, goes back to the system. */
const idleBytesKept = 256 * 1024 * 1024;

/** Size classes grow by quarters of a power of two, so that at most a fifth of a block is idle. */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** Math.max(8, Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

/** Hands out device memory and takes it back for reuse. */
export class Memory {
  private readonly free = new Map<number, Block[]>();
  private nextBlock = 1;
  private nextMemory = 1;
  private idleBytes = 0;
  private usedBytes = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly options: MemoryOptions,
  ) {}

  /** A block of at least `bytes` (4 for nothing: a binding may not be empty). */
  take(bytes: number, label: string): Block {
    const capacity = sizeClass(Math.max(bytes, 4));
    const list = this.free.get(capacity);
    let block = list?.pop();
    if (!block) {
      if (capacity === 256) {
        this.addSlab();
        block = this.free.get(256)!.pop()!;
      } else {
        block = this.create(Math.min(capacity, Math.max(this.options.maxBufferBytes, bytes)), capacity, label);
      }
    } else if (capacity > 256) {
      this.idleBytes -= capacity;
    }
    this.usedBytes += capacity;
    return block;
  }

  /** Commands that were submitted still find the block intact: later ones come after them in the queue. */
  give(block: Block): void {
    this.usedBytes -= block.capacity;
    const list = this.free.get(block.capacity);
    if (list) list.push(block);
    else this.free.set(block.capacity, [block]);
    if (block.capacity === 256) return;
    this.idleBytes += block.capacity;
    if (this.idleBytes > Math.max(idleBytesKept, this.usedBytes)) this.trim(this.idleBytes / 2);
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

  private create(bytes: number, capacity: number, label: string): Block {
    return { id: this.nextBlock++, ...this.own(bytes, label), offset: 0, capacity };
  }

  private addSlab(): void {
    const distance = Math.max(256, this.options.alignment);
    const { gpu, memory } = this.own(slabBlocks * distance, "multiway slab");
    const blocks: Block[] = [];
    for (let i = slabBlocks - 1; i >= 0; i--) blocks.push({ id: this.nextBlock + i, gpu, memory, offset: i * distance, capacity: 256 });
    this.nextBlock += slabBlocks;
    this.free.set(256, [...blocks, ...(this.free.get(256) ?? [])]);
  }

  /** Destroys free buffers, the largest first, until `bytes` are left. Work in flight keeps what it uses. */
  private trim(bytes: number): void {
    for (const capacity of [...this.free.keys()].sort((a, b) => b - a)) {
      if (capacity === 256) return;
      const list = this.free.get(capacity)!;
      while (list.length > 0 && this.idleBytes > bytes) {
        list.shift()!.gpu.destroy();
        this.idleBytes -= capacity;
      }
    }
  }
}
