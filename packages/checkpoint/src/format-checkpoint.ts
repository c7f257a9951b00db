import { formatShape } from "@multiway/errors";
import type { CheckpointDescription, CheckpointNode } from "./describe-checkpoint.ts";
import { mergeStatistics } from "./merge-statistics.ts";

/**
 * A description as text for a terminal: one line per tensor or part, with shapes and counts. Numbered parts that are alike, as the layers of a
 * model are, take one line: `0 … 11`.
 *
 * @param depth  levels to show. Default: all
 */
export function formatCheckpoint({ source, format, metadata, root, types }: CheckpointDescription, { depth = Infinity }: { depth?: number } = {}): string {
  const rows: string[][] = [];
  addRows([root], 0, depth, rows);
  const widths = [0, 1, 2, 3, 4].map((column) => rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0));
  const totals = Object.entries(types).map(([type, elements]) => `${type} ${grouped(elements)}`);
  return [
    `${source}: ${format}, ${counted(root.tensorCount, "tensor")}, ${counted(root.elementCount, "element")} (${totals.join(", ") || "none"}), ${(root.sizeBytes / 2 ** 20).toFixed(1)} MiB`,
    ...Object.entries(metadata).map(([name, value]) => `  ${name} = ${value}`),
    ...rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()),
  ].join("\n");
}

/** @param nodes  parts that are alike; the first stands for all, but figures are those of all */
function addRows(nodes: readonly CheckpointNode[], level: number, depth: number, rows: string[][]): void {
  if (level >= depth) return;
  const { children } = nodes[0]!;
  for (let first = 0, next: number; first < children.length; first = next) {
    const child = children[first]!;
    next = first + 1;
    if (/^\d+$/.test(child.name)) {
      const structure = structureOf(child);
      while (next < children.length && /^\d+$/.test(children[next]!.name) && structureOf(children[next]!) === structure) next++;
    }
    const alike = children.slice(first, next);
    const all = nodes.flatMap((node) => node.children.slice(first, next));
    const name = alike.length > 1 ? `${child.name} … ${alike.at(-1)!.name}` : child.name;
    const what = child.type ? child.type + formatShape(child.shape!) : `${counted(child.tensorCount, "tensor")}${alike.length > 1 ? " each" : ""}`;
    rows.push(["  ".repeat(level + 1) + name, what, grouped(alike.reduce((sum, { elementCount }) => sum + elementCount, 0)), ...figures(all)]);
    addRows(all, level + 1, depth, rows);
  }
}

/** `-0.31 … 0.29`, `mean 0.001 ± 0.02`, and what is not finite. */
function figures(nodes: readonly CheckpointNode[]): string[] {
  const all = nodes.flatMap(({ statistics }) => statistics ?? []);
  if (all.length === 0) return [];
  const { min, max, mean, deviation, nanCount, infinityCount } = all.reduce(mergeStatistics);
  const short = (value: number): string => String(Number(value.toPrecision(4)));
  const odd = [nanCount > 0 ? `${grouped(nanCount)} NaN` : "", infinityCount > 0 ? `${grouped(infinityCount)} infinite` : ""].filter(Boolean).join(", ");
  return [min === undefined ? "" : `${short(min)} … ${short(max!)}`, mean === undefined ? "" : `mean ${short(mean)} ± ${short(deviation!)}`, odd];
}

/** All of a part but its own name. */
const structureOf = ({ type, shape, children }: CheckpointNode): string => (type ? type + formatShape(shape!) : `{${children.map((child) => child.name + structureOf(child)).join()}}`);

const grouped = (value: number): string => value.toLocaleString("en-US");
const counted = (value: number, noun: string): string => `${grouped(value)} ${noun}${value === 1 ? "" : "s"}`;
