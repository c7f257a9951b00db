import { MultiwayError } from "@multiway/errors";
import type { Device } from "@multiway/tensor";
import type { BrokenCase, GoldenCase } from "./find-cases.ts";
import { runnerOf, type GoldenResult } from "./runners.ts";

/** What became of a case. */
export interface CaseReport {
  name: string;
  kind?: string;
  passed: boolean;
  /** Neither passed nor failed: why it was not run. */
  leftOut?: string;
  /** Largest error over its tolerance; Infinity when something could not be compared. */
  worst: number;
  /** Where that error is, or why the case could not run. */
  where: string;
  results: GoldenResult[];
}

/** Where tensors are computed. */
export interface GoldenDevice {
  device: Device;
  /** Why models of full size would take hours on it, if they would. */
  slowness?: string;
}

/**
 * Runs cases one after the other.
 *
 * @param openDevice  called at each case that needs a device
 * @param report      called after each
 */
export async function runGolden(cases: readonly (GoldenCase | BrokenCase)[], openDevice: () => Promise<GoldenDevice>, report: (done: CaseReport) => void): Promise<CaseReport[]> {
  const reports: CaseReport[] = [];
  for (const golden of cases) {
    const done = await runCase(golden, openDevice);
    reports.push(done);
    report(done);
  }
  return reports;
}

async function runCase(golden: GoldenCase | BrokenCase, openDevice: () => Promise<GoldenDevice>): Promise<CaseReport> {
  const broken = (where: string): CaseReport => ({ name: golden.name, ...("kind" in golden && { kind: golden.kind }), passed: false, worst: Infinity, where, results: [] });
  if ("problem" in golden) return broken(golden.problem);
  const runner = runnerOf(golden.kind);
  if (!runner) return broken(`nothing runs the kind ${JSON.stringify(golden.kind)}`);
  // A device that cannot be had is not the case's fault.
  const { device, slowness } = runner.usesDevice ? await openDevice() : { device: undefined as unknown as Device };
  if (slowness && isFullSize(golden)) return { name: golden.name, kind: golden.kind, passed: false, leftOut: `a model of full size, and ${slowness}`, worst: 0, where: "", results: [] };
  try {
    const results = await runner.run(golden, device);
    const [first, ...rest] = results;
    if (!first) return broken("the case lists nothing to compare");
    const worst = rest.reduce((a, b) => (Number(!b.passed) - Number(!a.passed) || b.worst - a.worst) > 0 ? b : a, first);
    return { name: golden.name, kind: golden.kind, passed: results.every(({ passed }) => passed), worst: worst.worst, where: worst.where && `${worst.name} ${worst.where}`, results };
  } catch (error) {
    return broken(MultiwayError.isInstance(error) ? error.message : ((error as Error).stack ?? String(error)));
  }
}

/** Whether the model is so large that its weights follow from a rule instead of being stored; a rule may also make a small one. */
function isFullSize({ manifest }: GoldenCase): boolean {
  const { parameter_count: count } = manifest;
  return "rule" in manifest && !(typeof count === "number" && count < 20e6);
}

/** One line: `✓ beit3/encoder_tiny  beit3.encoder  29 values, at most 0.31 of the tolerance: outputs/… [0, 1]: 2.5 for 2.50001` */
export function formatReport({ name, kind, passed, leftOut, worst, where, results }: CaseReport): string {
  const place = `${name.padEnd(54)} ${(kind ?? "").padEnd(22)}`;
  if (leftOut) return `– ${place} left out: ${leftOut}`;
  const wrong = results.filter((result) => !result.passed).length;
  const count = results.length === 0 ? "" : `${wrong > 0 ? `${wrong} of ` : ""}${results.length} value${results.length === 1 ? "" : "s"}${wrong > 0 ? " wrong" : ""}, `;
  const error = results.length === 0 ? where : worst === 0 ? "all exact" : `at most ${worst.toPrecision(3)} of the tolerance: ${where}`;
  return `${passed ? "✓" : "✗"} ${place} ${count}${error}`;
}

export interface Totals {
  passed: number;
  failed: number;
  leftOut: number;
}

export function totalsOf(reports: readonly CaseReport[]): Totals {
  const passed = reports.filter((report) => report.passed).length;
  const leftOut = reports.filter((report) => report.leftOut).length;
  return { passed, failed: reports.length - passed - leftOut, leftOut };
}

/** `27 passed, 0 failed` */
export function formatTotal(reports: readonly CaseReport[]): string {
  const { passed, failed } = totalsOf(reports);
  return `${passed} passed, ${failed} failed`;
}

/** All of it as JSON, in which infinities are texts. */
export function toJson(device: string, reports: readonly CaseReport[]): string {
  const spelled = (_: string, value: unknown) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
  return JSON.stringify({ device, ...totalsOf(reports), cases: reports }, spelled, 2);
}
