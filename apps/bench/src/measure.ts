import type { BenchCase, Cannot, Run } from "./bench-case.ts";
import { digestOf, type Digest } from "./digest.ts";

/** What the process of a target hands back. */
export type Report = Cannot | Unavailable | { failed: string } | Measured;

/** Why a target cannot do any case here. */
export interface Unavailable {
  unavailable: string;
}

export interface Measured {
  samplesMs: number[];
  digest: Digest;
  version: string;
}

/**
 * At least so long runs every case before it is timed: until optimising compilers have replaced their first code, and until memory of collected results comes again.
 * What is new to a process costs a fault for each page, on virtual machines 15 µs: 2 ms for the result of a 197 × 768 product.
 */
export const warmUpMs = 1000;
/** For so long a process is timed, whatever an iteration takes: a few milliseconds could fall into a pause of the machine as a whole. The last iteration begins before they are over. */
export const timedMs = 500;
/** A target whose first iteration takes so long is not warmed up further. */
const patienceMs = 3_000;

export async function measure({ comparedRuns = 1, isCold = false }: BenchCase, run: Run): Promise<Omit<Measured, "version">> {
  const start = performance.now();
  const compared: (readonly ArrayLike<number>[])[] = [];
  for (let count = 0; count < comparedRuns; count++) compared.push(await run());
  if (isCold) return { samplesMs: [Date.now() - Number(process.env["MULTIWAY_BENCH_SPAWNED"])], digest: digest(compared, run) };

  for (let count = comparedRuns, elapsed = 0; elapsed < warmUpMs || (count < 2 && elapsed < patienceMs); count++) {
    await run();
    elapsed = performance.now() - start;
  }
  const samplesMs: number[] = [];
  const timedFrom = performance.now();
  do {
    const before = performance.now();
    await run();
    samplesMs.push(performance.now() - before);
  } while (performance.now() - timedFrom < timedMs);
  return { samplesMs, digest: digest(compared, run) };
}

function digest(results: readonly (readonly ArrayLike<number>[])[], run: Run): Digest {
  const arranged = results.flat().map((result) => run.arrange?.(result) ?? result);
  if (arranged.length === 1) return digestOf(arranged[0]!);
  const joined = new Float64Array(arranged.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const result of arranged) {
    joined.set(result, offset);
    offset += result.length;
  }
  return digestOf(joined);
}
