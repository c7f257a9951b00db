import { spawn } from "node:child_process";
import { join } from "node:path";
import type { BenchCase } from "./bench-case.ts";
import { isCannot } from "./bench-case.ts";
import type { Digest } from "./digest.ts";
import { differenceOf } from "./digest.ts";
import { benchFolder } from "./folders.ts";
import { timedMs, warmUpMs, type Report } from "./measure.ts";
import { gigaflops, isRestless, summarise, type Summary } from "./statistics.ts";
import { python, pythonEnvironment, pytorchDevices } from "./targets/pytorch.ts";
import type { Target } from "./targets/target.ts";

/** What a target made of a case. */
export type Outcome =
  | { kind: "measured"; target: Target; summary: Summary; gflops: number | null; version: string; difference: number }
  | { kind: "cannot"; target: Target; reason: string }
  | { kind: "failed"; target: Target; reason: string };

export interface CaseResult {
  benchCase: BenchCase;
  outcomes: Outcome[];
}

/** A process that takes longer is ended. */
const limitMs = 240_000;
/** A target whose processes have had so long for one case is not started again: what takes a minute a round needs fewer of them for its median. */
export const enoughMs = 15_000;

/**
 * Runs a case: round by round, each target after the other in a new process, so that whatever slows the machine down for a while slows
 * all of them down, and nobody's waiting threads run beside another's. A target whose rounds disagree gets as many once more.
 *
 * @param unavailable  targets that can do nothing here, with the reason; added to
 */
export async function runCase(benchCase: BenchCase, targets: readonly Target[], { rounds, worker, unavailable, onProgress }: { rounds: number; worker: string; unavailable: Map<Target, string>; onProgress: (text: string) => void }): Promise<CaseResult> {
  const samples = new Map<Target, number[][]>();
  const first = new Map<Target, { digest: Digest; version: string }>();
  const ended = new Map<Target, Outcome>();
  const spentMs = new Map<Target, number>();
  const goesOn = (target: Target): boolean => !ended.has(target) && !unavailable.has(target) && (spentMs.get(target) ?? 0) <= enoughMs;
  let open = targets;
  for (let round = 0; round < 2 * rounds; round++) {
    // The second half is for those whose first half disagrees.
    open = open.filter((target) => goesOn(target) && (round !== rounds || isRestless(samples.get(target)!)));
    for (const target of open) {
      const spent = spentMs.get(target) ?? 0;
      onProgress(`${benchCase.name}: round ${round + 1}, ${target.name}`);
      const start = performance.now();
      const report = await runProcess(target, benchCase, worker);
      spentMs.set(target, spent + performance.now() - start);
      if ("unavailable" in report) unavailable.set(target, report.unavailable);
      else if (isCannot(report)) ended.set(target, { kind: "cannot", target, reason: report.cannot });
      else if ("failed" in report) ended.set(target, { kind: "failed", target, reason: report.failed });
      else {
        samples.set(target, [...(samples.get(target) ?? []), report.samplesMs]);
        if (!first.has(target)) first.set(target, report);
      }
    }
  }
  // The first target of the table that has a result says what the others must have.
  const expected = targets.flatMap((target) => first.get(target)?.digest ?? [])[0];
  const outcomes = targets.filter((target) => !unavailable.has(target)).map((target): Outcome => {
    const known = ended.get(target);
    if (known) return known;
    const summary = summarise(samples.get(target)!.flat());
    const { digest, version } = first.get(target)!;
    return { kind: "measured", target, summary, gflops: gigaflops(benchCase.flops, summary.medianMs), version, difference: differenceOf(expected!, digest) };
  });
  return { benchCase, outcomes };
}

async function runProcess(target: Target, benchCase: BenchCase, worker: string): Promise<Report> {
  const pythonDevice = pytorchDevices[target.name];
  const isPython = pythonDevice !== undefined;
  if (isPython && isCannot(benchCase.pytorch)) return benchCase.pytorch;
  const { comparedRuns = 1, isCold = false, pytorch } = benchCase;
  const [program, args, env] = isPython
    ? ([python, [join(benchFolder, "src/targets/pytorch.py"), JSON.stringify({ ...pytorch, comparedRuns, isCold, warmUpMs, timedMs, device: pythonDevice })], pythonEnvironment()] as const)
    : ([process.execPath, [worker, target.name, benchCase.name], { ...process.env, MULTIWAY_BENCH_FOLDER: benchFolder }] as const);
  // For the case that counts from here.
  const spawned = { MULTIWAY_BENCH_SPAWNED: String(Date.now()) };
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...env, ...spawned }, timeout: limitMs, killSignal: "SIGKILL" });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  const ending = await new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(signal ?? `code ${code}`));
  });
  try {
    return JSON.parse(output.trimEnd().split("\n").at(-1) ?? "") as Report;
  } catch {
    return { failed: `the process ended with ${ending}${errors ? `: ${errors.trim().split("\n").at(-1)}` : ""}` };
  }
}
