import { DeviceError } from "@multiway/errors";
import { AddressSpace } from "./address-space.ts";
import { controlBytes } from "./control.ts";
import type { Workers } from "./workers.ts";

export const pageBytes = 65536;

/** Kernels may read up to a vector past the end of a buffer, so the last addresses are never given out. */
const slackBytes = 256;

export interface DeviceMemoryOptions {
  onAllocation(): void;
  /** Grows memory that is a worker's alone. */
  growInWorker(pages: number): void;
}

/** The memory of a device: gives out addresses, and grows when there are none left. */
export class DeviceMemory {
  readonly #workers: Workers;
  readonly #space: AddressSpace;
  readonly #options: DeviceMemoryOptions;
  #pages: number;

  constructor(workers: Workers, options: DeviceMemoryOptions) {
    this.#workers = workers;
    this.#options = options;
    this.#pages = workers.initialPages;
    this.#space = new AddressSpace(controlBytes, workers.maximumPages * pageBytes - slackBytes);
  }

  /**
   * An address for so many bytes.
   *
   * @throws DeviceError when there is no room for them
   */
  take(numBytes: number, purpose: string): number {
    const before = this.#space.end;
    const address = this.#space.allocate(numBytes);
    if (address === undefined) throw this.#full(numBytes, purpose);
    if (this.#space.end > before) {
      this.#options.onAllocation();
      try {
        this.#growTo(this.#space.end + slackBytes);
      } catch (cause) {
        this.#space.release(address);
        throw this.#full(numBytes, purpose, cause);
      }
    }
    return address;
  }

  release(address: number): void {
    this.#space.release(address);
  }

  #growTo(end: number): void {
    const needed = Math.ceil(end / pageBytes);
    if (needed <= this.#pages) return;
    // By a sixteenth at least: growing is a call to the system, and stops all threads for a moment.
    const wanted = Math.min(this.#workers.maximumPages, Math.max(needed, Math.ceil(this.#pages * 1.0625)));
    if (this.#workers.memory) this.#workers.memory.grow(wanted - this.#pages);
    else this.#options.growInWorker(wanted - this.#pages);
    this.#pages = wanted;
  }

  #full(numBytes: number, purpose: string, cause?: unknown): DeviceError {
    const { end, freeBytes } = this.#space;
    const limit = this.#workers.maximumPages * pageBytes;
    return new DeviceError(
      `allocate: ${purpose} needs ${numBytes} bytes; the device uses ${end - freeBytes} of at most ${limit}, with ${freeBytes} free in smaller pieces. ` +
        `Dispose tensors that are no longer needed, use a smaller batch or f16 weights, or choose the webgpu device.`,
      { details: { numBytes, usedBytes: end - freeBytes, limitBytes: limit }, ...(cause !== undefined && { cause }) },
    );
  }
}
