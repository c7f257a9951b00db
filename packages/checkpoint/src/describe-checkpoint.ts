import { formatShape } from "@multiway/errors";
import type { Shape } from "@multiway/tensor";
import type { CheckpointSource } from "./files/files.ts";
import { sizeBytes, type ElementType } from "./formats/element-types.ts";
import type { CheckpointFormat } from "./checkpoint-reader.ts";
import { openFor, type OpenOptions } from "./open-checkpoint.ts";

/** A part of a checkpoint: a tensor, or what stands under a common name. */
export interface CheckpointNode {
  /** The last part of its name; the root's is empty. */
  name: string;
  /** Of a tensor. */
  type?: ElementType;
  shape?: Shape;
  /** In and under it. */
  tensorCount: number;
  elementCount: number;
  sizeBytes: number;
  children: CheckpointNode[];
}

export interface CheckpointDescription {
  /** What the file was called. */
  source: string;
  format: CheckpointFormat;
  metadata: Readonly<Record<string, string>>;
  /** Names split at their dots. */
  root: CheckpointNode;
  /** Elements by type. */
  types: Partial<Record<ElementType, number>>;
}

/**
 * What a checkpoint holds: names as a tree, shapes, types and counts. Reads the header alone.
 *
 * @throws CheckpointError when the file cannot be read or breaks the format
 */
export async function describeCheckpoint(source: CheckpointSource, options: OpenOptions = {}): Promise<CheckpointDescription> {
  await using reader = await openFor("describeCheckpoint", source, { part: "", ...options });
  const root = branch("");
  const types: Partial<Record<ElementType, number>> = {};
  const inner = new Map<CheckpointNode, Map<string, CheckpointNode>>();
  for (const { name, type, shape } of reader.entries.values()) {
    const leaf: CheckpointNode = { ...branch(""), type, shape, tensorCount: 1, elementCount: shape.reduce((size, extent) => size * extent, 1), sizeBytes: sizeBytes(type, shape) };
    types[type] = (types[type] ?? 0) + leaf.elementCount;
    const parts = name.split(".");
    // Names of models are some ten parts deep; a hostile one could have millions.
    leaf.name = parts.splice(Math.min(parts.length - 1, maxDepth)).join(".");
    let node = root;
    count(node, leaf);
    for (const part of parts) {
      const children = inner.get(node) ?? new Map<string, CheckpointNode>();
      inner.set(node, children);
      const child = children.get(part) ?? branch(part);
      if (!children.has(part)) node.children.push(child);
      children.set(part, child);
      node = child;
      count(node, leaf);
    }
    node.children.push(leaf);
  }
  return { source: reader.name, format: reader.format, metadata: reader.metadata, root, types };
}

const maxDepth = 32;
const branch = (name: string): CheckpointNode => ({ name, tensorCount: 0, elementCount: 0, sizeBytes: 0, children: [] });

function count(node: CheckpointNode, leaf: CheckpointNode): void {
  node.tensorCount++;
  node.elementCount += leaf.elementCount;
  node.sizeBytes += leaf.sizeBytes;
}

/**
 * A description as text for a terminal: one line per tensor or part, with shapes and counts. Numbered parts that are alike, as the layers of a
 * model are, take one line: `0 … 11`.
 *
 * @param depth  levels to show. Default: all
 */
export function formatCheckpoint({ source, format, metadata, root, types }: CheckpointDescription, { depth = Infinity }: { depth?: number } = {}): string {
  const rows: [string, string, string][] = [];
  addRows(root, 0, depth, rows);
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  const totals = Object.entries(types).map(([type, elements]) => `${type} ${grouped(elements)}`);
  return [
    `${source}: ${format}, ${counted(root.tensorCount, "tensor")}, ${counted(root.elementCount, "element")} (${totals.join(", ") || "none"}), ${(root.sizeBytes / 2 ** 20).toFixed(1)} MiB`,
    ...Object.entries(metadata).map(([name, value]) => `  ${name} = ${value}`),
    ...rows.map(([name, what, elements]) => `${name.padEnd(widths[0]!)}  ${what.padEnd(widths[1]!)}  ${elements}`.trimEnd()),
  ].join("\n");
}

function addRows(node: CheckpointNode, level: number, depth: number, rows: [string, string, string][]): void {
  if (level >= depth) return;
  for (let first = 0, next: number; first < node.children.length; first = next) {
    const child = node.children[first]!;
    next = first + 1;
    if (/^\d+$/.test(child.name)) {
      const structure = structureOf(child);
      while (next < node.children.length && /^\d+$/.test(node.children[next]!.name) && structureOf(node.children[next]!) === structure) next++;
    }
    const alike = node.children.slice(first, next);
    const name = alike.length > 1 ? `${child.name} … ${alike.at(-1)!.name}` : child.name;
    const what = child.type ? child.type + formatShape(child.shape!) : `${counted(child.tensorCount, "tensor")}${alike.length > 1 ? " each" : ""}`;
    rows.push(["  ".repeat(level + 1) + name, what, grouped(alike.reduce((sum, { elementCount }) => sum + elementCount, 0))]);
    addRows(child, level + 1, depth, rows);
  }
}

/** All of a part but its own name. */
const structureOf = ({ type, shape, children }: CheckpointNode): string => (type ? type + formatShape(shape!) : `{${children.map((child) => child.name + structureOf(child)).join()}}`);

const grouped = (value: number): string => value.toLocaleString("en-US");
const counted = (value: number, noun: string): string => `${grouped(value)} ${noun}${value === 1 ? "" : "s"}`;
