import { enoughMs, type CaseResult, type Outcome } from "./runner.ts";
import type { Machine } from "./machine.ts";
import { timedMs } from "./measure.ts";
import { calmSpread } from "./statistics.ts";

/** What stands in a row of a case's table. */
const columns = ["target", "median ms", "p10", "p90", "GFLOP/s", "time / ours", "result"] as const;
type Row = readonly string[];

type Measured = Extract<Outcome, { kind: "measured" }>;

/** Ours with as many threads as the peers: what ratios refer to. */
const baseline = "multiway-wasm-2";

export const milliseconds = (ms: number): string => (ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(3));

/** Whether a target's result is the first target's, within the case's tolerance. */
export const agrees = ({ benchCase }: CaseResult, { difference }: Measured): boolean => difference <= benchCase.tolerance;

const ours = (outcomes: readonly Outcome[]): Measured | undefined => outcomes.find((outcome): outcome is Measured => outcome.kind === "measured" && outcome.target.name === baseline);

function rowsOf(result: CaseResult): Row[] {
  const reference = ours(result.outcomes);
  return result.outcomes.map((outcome): Row => {
    if (outcome.kind !== "measured") return [outcome.target.name, "–", "", "", "", "", `${outcome.kind === "failed" ? "failed: " : ""}${outcome.reason.split("\n")[0]}`];
    const { target, summary, gflops, difference } = outcome;
    return [
      target.name,
      milliseconds(summary.medianMs),
      milliseconds(summary.p10Ms),
      milliseconds(summary.p90Ms),
      gflops === null ? "–" : gflops.toFixed(1),
      reference ? (summary.medianMs / reference.summary.medianMs).toFixed(2) : "–",
      agrees(result, outcome) ? "same" : `DIFFERS by ${difference.toExponential(1)} of the mean`,
    ];
  });
}

/** For a terminal: first column to the left, figures to the right. */
export function formatCase(result: CaseResult): string {
  const rows = [columns, ...rowsOf(result)];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => (column === columns.length - 1 ? 0 : row[column]!.length))));
  const lines = rows.map((row) => row.map((cell, column) => (column === 0 || column === columns.length - 1 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ").trimEnd());
  return [`${result.benchCase.name}: ${result.benchCase.does}`, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** One line per measurement, as data. */
export const toJson = (results: readonly CaseResult[]): string =>
  `${JSON.stringify(
    results.flatMap(({ benchCase, outcomes }) => outcomes.flatMap((outcome) => (outcome.kind === "measured" ? [{ case: benchCase.name, target: outcome.target.name, ...outcome.summary, gflops: outcome.gflops }] : []))),
    undefined,
    2,
  )}\n`;

const cell = (text: string): string => text.replaceAll("|", "\\|");
const markdownTable = (head: Row, rows: readonly Row[]): string => [head, head.map((_, column) => (column === 0 ? "---" : "--:")), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

/** `docs/benchmarks.md`. */
export function toMarkdown(results: readonly CaseResult[], machine: Machine, rounds: number): string {
  const targets = [...new Set(results.flatMap(({ outcomes }) => outcomes.map(({ target }) => target)))];
  const shown = targets.filter((target) => results.some(({ outcomes }) => outcomes.some((outcome) => outcome.target === target && outcome.kind === "measured")));
  const overview = results.map(({ benchCase, outcomes }) => [
    `\`${benchCase.name}\``,
    ...shown.map((target) => {
      const outcome = outcomes.find((one) => one.target === target);
      return outcome?.kind === "measured" ? milliseconds(outcome.summary.medianMs) : "–";
    }),
  ]);
  const versionOf = (name: string) => results.flatMap(({ outcomes }) => outcomes).find((outcome): outcome is Measured => outcome.kind === "measured" && outcome.target.name === name)?.version ?? "";
  return `# Benchmarks

Written by \`pnpm bench --peers --write\`; not by hand.

| | |
| --- | --- |
| Processor | ${machine.processor}, ${machine.cores} cores |
| System | ${machine.system}, Node ${machine.node} |
| Commit | ${machine.commit} |
| Date | ${machine.date} |

All of it is f32 on the CPU unless a name says otherwise. A target runs in a process of its own, which is started anew for each of ${rounds} rounds; targets
take turns within a round. One of which more than a quarter of the rounds are over ${100 * calmSpread} % slower than its fastest gets as many once more, and one whose processes have had ${enoughMs / 1000} s for a case is not started again. Inputs and weights are in place before the clock starts, and an iteration ends when its result can be read outside the library.
Medians and percentiles are over the iterations of all rounds, after a warm-up; in a round, no iteration begins when ${timedMs / 1000} s of timing are over. Every target starts from the same numbers, and its
results are compared with the first one's. GFLOP/s count the products that the mathematics needs: nothing that is computed twice counts twice.

${markdownTable(["median, ms", ...shown.map(({ name }) => name)], overview)}

## Targets

${markdownTable(["target", "set up as", "version"], shown.map(({ name, title }) => [name, title, versionOf(name)]))}

## Cases
${results.map((result) => `\n### ${result.benchCase.name}\n\n${result.benchCase.does}\n\n${markdownTable(columns, rowsOf(result))}`).join("\n")}
`;
}
