import type { Kernel, OpKernel, Program } from "@multiway/tensor/device";
import { bytesOf } from "@multiway/tensor/device";
import { isTiled, sizesOf } from "../kernels/matmul-parts.ts";
import { shapeClass, tileByShape, tileNames, tiles, type TileName } from "../kernels/matmul-tiles.ts";
import { programOf } from "./program-of-one.ts";
import type { GpuProgram, Host, Launch } from "./program.ts";
import type { TileStore } from "./tile-store.ts";
import type { Readback } from "./readback.ts";
import { Timestamps } from "./timestamps.ts";

/** Products below this take less time than their launch. */
const minimumFlops = 2 ** 27;
/** Together with the operands of the product itself; larger ones keep the tile by shape. */
const maximumBytes = 2 ** 29;
/** For all classes that one program brings, but for a run that is under way; the rest keep the tile by shape for the life of the device, and are measured in another. */
const budgetMs = 2000;
/** Long enough for clocks that browsers round to 0.1 ms. */
const passMs = 4;

interface Candidate {
  kernel: OpKernel;
  /** Of the kernel's buffers, in elements. */
  lengths: readonly number[];
  shapeClass: string;
}

/** Measures which tile is quickest for a class of products, once, and remembers it. */
export class Tuner {
  private readonly chosen = new Map<string, TileName>();
  private readonly timestamps: Timestamps | undefined;

  constructor(
    private readonly host: Host,
    private readonly store: TileStore,
    known: Readonly<Record<string, TileName>>,
    readback: Readback,
    /** Handed in, so that the device's own code stays in one file. */
    private readonly Programs: typeof GpuProgram,
  ) {
    this.timestamps = Timestamps.of(host.device, readback);
    for (const [shape, tile] of Object.entries(known)) this.chosen.set(shape, tile);
  }

  tileOf(shape: string): TileName | undefined {
    return this.chosen.get(shape);
  }

  /** Products of a program that would be measured before it first runs, one of each class. */
  unmeasured(program: Program): Candidate[] {
    const found = new Map<string, Candidate>();
    for (const { kernel: index, buffers } of program.steps) {
      const kernel = program.kernels[index]!;
      if (!isMeasured(kernel)) continue;
      const shape = shapeClass(kernel);
      if (this.chosen.has(shape) || found.has(shape)) continue;
      found.set(shape, { kernel, lengths: buffers.map((buffer) => program.buffers[buffer]!.length), shapeClass: shape });
    }
    return [...found.values()];
  }

  /** Settles with a tile for each class. Nothing else may be queued meanwhile. */
  async measure(candidates: readonly Candidate[]): Promise<void> {
    const start = now();
    const measured: Record<string, TileName> = {};
    for (const candidate of candidates) {
      const { kernel, shapeClass: shape } = candidate;
      if (this.chosen.has(shape)) continue;
      const best = now() - start < budgetMs ? await this.quickest(candidate, start + budgetMs).catch(() => undefined) : undefined;
      if (best) measured[shape] = best;
      this.chosen.set(shape, best ?? tileByShape(kernel));
    }
    if (Object.keys(measured).length > 0) await this.store.add(measured).catch(() => undefined);
  }

  private async quickest({ kernel, lengths }: Candidate, deadline: number): Promise<TileName | undefined> {
    const { memory, device } = this.host;
    // Without its epilogue, whose share of the time is the same for every tile.
    const { epilogue: _, ...plain } = kernel;
    const alone = programOf({ ...plain, label: `${kernel.label} tuning` }, lengths);
    const bytes = alone.buffers.map(({ dtype, length }) => length * bytesOf(dtype));
    if (bytes.reduce((sum, size) => sum + size, 0) > maximumBytes) return undefined;
    const blocks = bytes.map((size) => memory.take(size, "multiway tuning"));
    const first = tileByShape(kernel);
    const { m, n } = sizesOf(kernel);
    // A tile more than twice as tall or wide as the result is mostly padding.
    const names = [first, ...tileNames.filter((name) => name !== first && tiles[name].rows < 2 * m && tiles[name].columns < 2 * n)];
    const programs = names.map((name) => new this.Programs(0, { ...this.host, limits: { ...this.host.limits, tileOf: () => name } }, alone));
    try {
      await Promise.all(programs.map(({ prepared }) => prepared));
      await Promise.all(programs.flatMap((program) => (program.failure ? [] : this.Programs.whenCompiled(program.launches(blocks)).pending)));
      await device.queue.onSubmittedWorkDone();
      let best: { name: TileName; ms: number } | undefined;
      for (const [index, program] of programs.entries()) {
        if (program.failure) continue;
        if (best && now() > deadline) break;
        const launches = program.launches(blocks);
        if (this.Programs.whenCompiled(launches).error) continue;
        const once = await this.time(launches, 1);
        // One that takes many times as long as the best so far needs no second look.
        if (best && once > 4 * best.ms + 1) continue;
        const times = Math.max(1, Math.min(32, Math.ceil(passMs / Math.max(once, 0.01))));
        // What runs this long is told apart by a single run.
        const ms = once > 50 ? once : Math.min(await this.time(launches, times), await this.time(launches, times)) / times;
        if (!best || ms < best.ms) best = { name: names[index]!, ms };
      }
      return best?.name;
    } finally {
      for (const program of programs) program.release();
      for (const block of blocks) memory.give(block);
    }
  }

  private async time(launches: readonly Launch[], times: number): Promise<number> {
    const { device } = this.host;
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass({ label: "multiway tuning", ...(this.timestamps && { timestampWrites: this.timestamps.writes }) });
    for (let i = 0; i < times; i++) {
      for (const { pipeline, group, x, y } of launches) {
        pass.setPipeline(pipeline.pipeline!);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(x, y);
      }
    }
    pass.end();
    this.timestamps?.resolve(encoder);
    const start = now();
    device.queue.submit([encoder.finish()]);
    if (this.timestamps) return this.timestamps.elapsedMs();
    await device.queue.onSubmittedWorkDone();
    return now() - start;
  }
}

/** By the class, so that all of a class are measured, or none. */
function isMeasured(kernel: Kernel): kernel is OpKernel {
  if (kernel.kind !== "op" || kernel.op !== "matmul" || !isTiled(kernel)) return false;
  const [batch, m, k, n] = shapeClass(kernel).split(" ").map(Number) as [number, number, number, number];
  return 2 * batch * m * k * n >= minimumFlops;
}

const now = (): number => performance.now();
