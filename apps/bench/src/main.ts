import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MultiwayError } from "@multiway/errors";
import { bundleWorker } from "./bundle.ts";
import { cases } from "./cases/index.ts";
import { benchFolder } from "./folders.ts";
import { thisMachine } from "./machine.ts";
import { parseOptions, usage } from "./options.ts";
import { absence, installPeers } from "./peers.ts";
import { runCase, type CaseResult } from "./runner.ts";
import { agrees, formatCase, toJson, toMarkdown } from "./table.ts";
import { targets } from "./targets/index.ts";
import type { Target } from "./targets/target.ts";

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args, { cases: cases.map(({ name }) => name), onRequest: cases.filter(({ isOnRequest }) => isOnRequest).map(({ name }) => name), targets: targets.map(({ name }) => name) });
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const machine = thisMachine();
  const chosen = targets.filter(({ name }) => options.targets.includes(name));
  if (options.peers) await installPeers(chosen);
  const unavailable = new Map<Target, string>(chosen.flatMap((target) => {
    const reason = absence(target);
    return reason === undefined ? [] : [[target, reason] as const];
  }));
  const worker = await bundleWorker();
  console.log(`${machine.processor}, ${machine.cores} cores; ${machine.system}, Node ${machine.node}; commit ${machine.commit}\n`);

  const results: CaseResult[] = [];
  for (const benchCase of cases.filter(({ name }) => options.only.includes(name))) {
    const result = await runCase(benchCase, chosen, { rounds: options.rounds, worker, unavailable, onProgress: showProgress });
    showProgress("");
    results.push(result);
    console.log(`${formatCase(result)}\n`);
    // After each case, so that a run that is stopped keeps what it has.
    if (options.json !== undefined) writeFileSync(options.json, toJson(results));
  }
  for (const [target, reason] of unavailable) console.log(`${target.name} is left out: ${reason}`);
  if (options.write) writeFileSync(join(benchFolder, "../../docs/benchmarks.md"), toMarkdown(results, machine, options.rounds));
  const isGood = results.every((result) => result.outcomes.every((outcome) => outcome.kind === "cannot" || (outcome.kind === "measured" && agrees(result, outcome))));
  return isGood ? 0 : 1;
}

/** One line that is written over and over, where somebody watches. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(MultiwayError.isInstance(error) ? error.message : error);
  process.exitCode = 2;
}
