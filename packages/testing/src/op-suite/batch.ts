import { compile, realize, type Device, type Tensor } from "@multiway/tensor";
import type { HostArray } from "@multiway/tensor/device";

/** One computation on a device, and what to say about its results. */
export interface Job {
  label: string;
  /** Makes the stored tensors. */
  leaves(device: Device): Tensor[];
  compute(leaves: readonly Tensor[]): readonly Tensor[];
  /** Returns what is wrong with the results, or undefined. */
  judge(results: readonly Result[]): string | undefined;
}

export interface Result {
  shape: readonly number[];
  dtype: string;
  data: HostArray;
}

export type Mode = "uncompiled" | "compiled";

/**
 * Runs jobs in one program, since each program costs a device much more than one more kernel in it; where that fails, each by itself, to
 * tell which it was.
 *
 * @returns everything that is wrong
 */
export async function runJobs(device: Device, jobs: readonly Job[], mode: Mode): Promise<string[]> {
  if (jobs.length === 0) return [];
  try {
    const all = await resultsOf(device, jobs, mode);
    return jobs.flatMap((job, position) => {
      const problem = job.judge(all[position]!);
      return problem === undefined ? [] : [`${job.label} (${mode}): ${problem}`];
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (jobs.length === 1) return [`${jobs[0]!.label} (${mode}): ${message}`];
    const alone: string[] = [];
    for (const job of jobs) alone.push(...(await runJobs(device, [job], mode)));
    return alone.length > 0 ? alone : [`only in one program with others (${mode}): ${message}`];
  }
}

async function resultsOf(device: Device, jobs: readonly Job[], mode: Mode): Promise<Result[][]> {
  const leaves = jobs.map((job) => job.leaves(device));
  const together = (given: readonly (readonly Tensor[])[]) => jobs.map((job, position) => job.compute(given[position]!));
  let outputs: readonly (readonly Tensor[])[];
  if (mode === "compiled") {
    const compiled = compile(together, { device, name: "suite" });
    compiled(leaves);
    // The second call replays.
    outputs = compiled(leaves);
  } else {
    outputs = together(leaves);
    await realize(outputs, { device });
  }
  const results: Result[][] = [];
  for (const tensors of outputs) {
    const of: Result[] = [];
    for (const tensor of tensors) of.push({ shape: tensor.shape, dtype: tensor.dtype, data: await tensor.data() });
    results.push(of);
  }
  for (const tensor of [...leaves.flat(), ...outputs.flat()]) tensor.dispose();
  return results;
}
