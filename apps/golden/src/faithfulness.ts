import { totalsOf, type CaseReport } from "./golden.ts";

/** All cases on one device. */
export interface Column {
  device: string;
  /** The device in words; or why there is none. */
  description: string;
  reports: readonly CaseReport[];
}

/** `docs/faithfulness.md`: the largest error of each case on each device. */
export function faithfulnessPage(columns: readonly Column[]): string {
  const names = [...new Set(columns.flatMap(({ reports }) => reports.map(({ name }) => name)))];
  const cell = (report: CaseReport | undefined): string => {
    if (!report) return "";
    if (report.leftOut) return "left out";
    if (!report.passed) return "**failed**";
    return report.worst === 0 ? "exact" : report.worst.toPrecision(2);
  };
  const rows = names.map((name) => {
    const found = columns.map(({ reports }) => reports.find((report) => report.name === name));
    const known = found.find((report) => report && !report.leftOut) ?? found.find(Boolean);
    return [`\`${shortName(name)}\``, known?.kind ?? "", String(known?.results.length ?? 0), ...found.map(cell)];
  });
  const table = [["case", "kind", "values", ...columns.map(({ device }) => device)], ["---", "---", "--:", ...columns.map(() => "--:")], ...rows];
  const reasons = new Set(columns.flatMap(({ reports }) => reports.flatMap(({ name, leftOut }) => (leftOut ? [`\`${shortName(name)}\`: ${leftOut}`] : []))));
  return [
    "# Faithfulness",
    "",
    "Written by `pnpm golden --write`; not by hand.",
    "",
    "What the official PyTorch code computed from the same weights and inputs, beside what we compute. Of each case the largest error of any element of any value is given as a fraction of what its",
    "tolerance allows, so that 1 is the limit; `exact` means equal in every bit. The tolerance of a value is 16 times the distance of the official code's own 32-bit run from its 64-bit run (40 times",
    "at full size), at least 2 millionths of its largest magnitude (20 millionths); the weights are random. Cases, their tolerances and sources lie in the packages' `fixtures`.",
    "",
    ...table.map((row) => `| ${row.join(" | ")} |`),
    "",
    ...columns.map(({ device, description, reports }) => {
      const { passed, failed, leftOut } = totalsOf(reports);
      return `- **${device}**: ${reports.length === 0 ? description : `${description}; ${passed} passed, ${failed} failed${leftOut > 0 ? `, ${leftOut} left out` : ""}`}`;
    }),
    ...(reasons.size > 0 ? ["", "Left out:", "", ...[...reasons].map((reason) => `- ${reason}`)] : []),
    "",
  ].join("\n");
}

/** `transformer/components/attention` for `transformer/fixtures/components/attention`. */
export const shortName = (name: string): string => name.replace("/fixtures/", "/");
