/**
 * One target doing one case in a process of its own: `worker.mjs TARGET CASE`. Its last line of output is a {@link Report}.
 */
import { cases } from "./cases/index.ts";
import { measure, type Report } from "./measure.ts";
import { targets } from "./targets/index.ts";

async function work(targetName: string, caseName: string): Promise<Report> {
  const target = targets.find(({ name }) => name === targetName)!;
  const benchCase = cases.find(({ name }) => name === caseName)!;
  const prepared = await target.prepare(benchCase);
  if (!("run" in prepared)) return prepared;
  return { ...(await measure(benchCase, prepared.run)), version: prepared.version };
}

const [, , target, benchCase] = process.argv;
const report = await work(target!, benchCase!).catch((error: unknown): Report => ({ failed: error instanceof Error ? error.message : String(error) }));
// Devices of other libraries keep the process alive.
process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit(0));
