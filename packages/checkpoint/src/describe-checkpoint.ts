import type { Shape } from "@multiway/tensor";
import type { CheckpointSource } from "./files/files.ts";
import { sizeBytes, type ElementType } from "./formats/element-types.ts";
import type { CheckpointFormat, CheckpointReader } from "./checkpoint-reader.ts";
import { openFor, type OpenOptions } from "./open-checkpoint.ts";
import type { TensorStatistics } from "./merge-statistics.ts";

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
  /** Of a tensor, when asked for. */
  statistics?: TensorStatistics;
  children: CheckpointNode[];
}

export interface DescribeOptions extends OpenOptions {
  /** Reads all tensors, one after the other, for their figures. Default: the header alone is read. */
  statistics?: boolean;
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
 * What a checkpoint holds: names as a tree, shapes, types and counts. Reads the header alone, unless figures of the elements are asked for.
 *
 * @throws CheckpointError when the file cannot be read or breaks the format
 */
export async function describeCheckpoint(source: CheckpointSource, { statistics = false, ...options }: DescribeOptions = {}): Promise<CheckpointDescription> {
  await using reader = await openFor("describeCheckpoint", source, { part: "", ...options });
  const root = branch("");
  const types: Partial<Record<ElementType, number>> = {};
  const inner = new Map<CheckpointNode, Map<string, CheckpointNode>>();
  const figures = statistics ? await figuresOf(reader) : undefined;
  for (const { name, type, shape } of reader.entries.values()) {
    const own = figures?.get(name);
    const leaf: CheckpointNode = { ...branch(""), type, shape, tensorCount: 1, elementCount: shape.reduce((size, extent) => size * extent, 1), sizeBytes: sizeBytes(type, shape), ...(own && { statistics: own }) };
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

/** In the file's order, so that a disk or a server gives it in one go. */
async function figuresOf(reader: CheckpointReader): Promise<Map<string, TensorStatistics>> {
  const { statisticsOf } = await import("./statistics.ts");
  const figures = new Map<string, TensorStatistics>();
  for (const [name] of [...reader.entries].sort(([, a], [, b]) => a.near - b.near)) figures.set(name, statisticsOf(await reader.read(name)));
  return figures;
}

const maxDepth = 32;
const branch = (name: string): CheckpointNode => ({ name, tensorCount: 0, elementCount: 0, sizeBytes: 0, children: [] });

function count(node: CheckpointNode, leaf: CheckpointNode): void {
  node.tensorCount++;
  node.elementCount += leaf.elementCount;
  node.sizeBytes += leaf.sizeBytes;
}
