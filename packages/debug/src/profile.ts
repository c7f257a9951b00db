import { bytesOf, recordCallSites, sizeOf, type DeviceFactory, type Kernel, type StepOp } from "@multiway/tensor/device";
import { stepwise, type ObservedStep } from "./stepwise.ts";

/** What one kind of kernel has cost. */
export interface ProfileRow {
  /** The kernel's ops, shape and dtype, and for a kernel op the shapes that it is given. */
  kernel: string;
  /** Without the first call of each kernel, which compiles it, unless there was no other. */
  calls: number;
  totalMs: number;
  meanMs: number;
  /** Bytes of all buffers that a call touches, and operations of its products. */
  bytes: number;
  flops: number | undefined;
  /** The line of its last op, if known. */
  site: string | undefined;
}

interface Entry {
  firstMs: number;
  laterMs: number;
  calls: number;
  bytes: number;
  flops: number | undefined;
  site: string | undefined;
}

/**
 * Time by kernel. Each runs by itself: a GPU with timestamps says how long it took, elsewhere it is waited for, which adds the time of a message, some 0.05 ms on the CPU device; the sum
 * is more than what the whole program takes.
 * The browser's Performance panel shows the same spans.
 *
 * ```ts
 * const profile = new Profile();
 * const device = await openDevice(profile.watch(wasm()));
 * // … some steps …
 * await device.synchronize();
 * console.log(profile.report());
 * ```
 */
export class Profile {
  readonly #entries = new Map<string, Entry>();
  /** Called with each kernel that has run. */
  onKernel: ((row: { kernel: string; ms: number; bytes: number; flops: number | undefined }) => void) | undefined;

  /** The same device, with each kernel's time noted here. */
  watch(factory: DeviceFactory): DeviceFactory {
    recordCallSites(true);
    return stepwise(factory, {
      step: async (step, run) => {
        const start = performance.now();
        const ms = await step.device.elapsed?.(run);
        if (ms === undefined) {
          run();
          await step.device.synchronize();
        }
        this.#note(step, start, ms ?? performance.now() - start);
      },
    });
  }

  #note({ kernel, buffers, ops }: ObservedStep, start: number, ms: number): void {
    const name = nameIn(kernel);
    performance.measure(name, { start, duration: ms });
    let entry = this.#entries.get(name);
    if (entry) {
      entry.laterMs += ms;
      entry.calls++;
    } else {
      const bytes = buffers.reduce((sum, { dtype, length, access }) => sum + (access === "readwrite" ? 2 : 1) * length * bytesOf(dtype), 0);
      entry = { firstMs: ms, laterMs: 0, calls: 1, bytes, flops: flopsOf(kernel), site: siteOf(ops) };
      this.#entries.set(name, entry);
    }
    this.onKernel?.({ kernel: name, ms, bytes: entry.bytes, flops: entry.flops });
  }

  /** The dearest first. */
  rows(): ProfileRow[] {
    const rows = [...this.#entries].map(([kernel, { firstMs, laterMs, calls, bytes, flops, site }]): ProfileRow => {
      const counted = Math.max(1, calls - 1);
      const totalMs = calls > 1 ? laterMs : firstMs;
      return { kernel, calls: counted, totalMs, meanMs: totalMs / counted, bytes, flops, site };
    });
    return rows.sort((a, b) => b.totalMs - a.totalMs);
  }

  /** The rows as a table. */
  report({ limit = 25 }: { limit?: number } = {}): string {
    const rows = this.rows();
    const total = rows.reduce((sum, { totalMs }) => sum + totalMs, 0);
    const shown = rows.slice(0, limit).map(({ kernel, calls, totalMs, meanMs, bytes, flops, site }) => [
      totalMs.toFixed(2),
      `${((100 * totalMs) / Math.max(total, 1e-9)).toFixed(1)} %`,
      String(calls),
      meanMs.toFixed(3),
      (bytes / meanMs / 1e6).toFixed(1),
      flops === undefined ? "–" : (flops / meanMs / 1e6).toFixed(1),
      site === undefined ? kernel : `${kernel}  ${site}`,
    ]);
    const table = [["total ms", "share", "calls", "mean ms", "GB/s", "GFLOP/s", "kernel"], ...shown];
    const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
    const lines = table.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padStart(widths[column]!))).join("  "));
    if (rows.length > limit) lines.push(`… and ${rows.length - limit} more`);
    return lines.join("\n");
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** Products of one result may have many lengths. */
const nameIn = (kernel: Kernel): string => (kernel.kind === "loop" ? kernel.label : `${kernel.label} of ${kernel.inputs.map(({ shape }) => `[${shape.join(", ")}]`).join(" ")}`);

/** Operations of the products that the mathematics needs. */
function flopsOf(kernel: Kernel): number | undefined {
  if (kernel.kind !== "op") return undefined;
  if (kernel.op === "matmul") return 2 * sizeOf(kernel.outputs[0]!.shape) * kernel.inputs[0]!.shape.at(-1)!;
  if (kernel.op !== "attention" && kernel.op !== "attentionBackward") return undefined;
  const [queries, ...rest] = kernel.inputs;
  const keys = rest.slice(0, 2 * Number(kernel.attributes["segments"])).reduce((sum, { shape }, position) => sum + (position % 2 === 0 ? shape[1]! : 0), 0);
  return (kernel.op === "attention" ? 4 : 10) * sizeOf(queries!.shape) * keys;
}

const siteOf = (ops: readonly StepOp[]): string | undefined => ops.at(-1)?.site;
