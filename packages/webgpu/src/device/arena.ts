import type { Memory } from "./memory.ts";

/** Scratch memory that all programs share, one after another; it grows to the largest. */
export class Arena {
  private gpu: GPUBuffer | undefined;
  private bytes = 0;
  private number = 0;

  constructor(private readonly memory: Memory) {}

  /** Bind groups made for another number are stale. */
  get memoryNumber(): number {
    return this.number;
  }

  get buffer(): GPUBuffer {
    return this.gpu!;
  }

  reserve(bytes: number): void {
    if (bytes <= this.bytes) return;
    const { gpu, memory } = this.memory.own(Math.ceil(bytes / 256) * 256, "multiway arena");
    // Commands that were submitted keep the old one; nothing in it outlives a run.
    this.gpu?.destroy();
    this.gpu = gpu;
    this.bytes = bytes;
    this.number = memory;
  }
}
