import type { Readback } from "./readback.ts";

/** GPUBufferUsage.QUERY_RESOLVE and COPY_SRC: here, since few pages time passes. */
const queriesAndSource = 0x200 | 0x4;

/** Times one compute pass at a time by the GPU's own clock, where the device has "timestamp-query". */
export class Timestamps {
  private readonly queries: GPUQuerySet;
  private readonly resolved: GPUBuffer;

  private constructor(
    device: GPUDevice,
    private readonly readback: Readback,
  ) {
    this.queries = device.createQuerySet({ label: "multiway times", type: "timestamp", count: 2 });
    this.resolved = device.createBuffer({ label: "multiway queries", size: 256, usage: queriesAndSource });
  }

  static of(device: GPUDevice, readback: Readback): Timestamps | undefined {
    return device.features.has("timestamp-query") ? new Timestamps(device, readback) : undefined;
  }

  /** For the descriptor of a pass. */
  get writes(): GPUComputePassTimestampWrites {
    return { querySet: this.queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
  }

  /** Behind the pass, into the same encoder. */
  resolve(encoder: GPUCommandEncoder): void {
    encoder.resolveQuerySet(this.queries, 0, 2, this.resolved, 0);
  }

  /** Milliseconds of the pass that was submitted last. Some drivers count wrongly where their clock starts anew: then 0. */
  async elapsedMs(): Promise<number> {
    const [start, end] = new BigUint64Array(await this.readback.read(this.resolved, 0, 16));
    return Math.max(0, Number(end! - start!)) / 1e6;
  }
}
