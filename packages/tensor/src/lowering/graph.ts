import type { Attributes, Op, Spec } from "../op.ts";
import { isStored, topologicalOrder, type Node, type Value as GraphValue } from "../node.ts";
import type { ViewStep } from "../view.ts";

/** One result of an op after equal ops have been joined. */
export interface Value {
  readonly id: number;
  readonly spec: Spec;
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  /** Which result of its op this is. */
  readonly output: number;
  /** All results of the op, this one among them. */
  readonly siblings: readonly Value[];
  readonly payload: unknown;
  /** For leaves: where the elements come from. */
  readonly leaf: Leaf | undefined;
  /** For views: how the input is seen. */
  readonly step: ViewStep | undefined;
}

export type Leaf = { kind: "binding"; index: number } | { kind: "scalar"; word: number } | { kind: "data"; payload: unknown };

/** Tells where a leaf's elements come from; undefined for values that are computed. */
export type FindLeaf = (value: GraphValue) => Leaf | undefined;

/**
 * The graph that a program is made from: plain values in creation order, equal ops joined, markers (stopped gradients, aliases,
 * recomputation) resolved.
 */
export function canonicalGraph(requested: readonly GraphValue[], findLeaf: FindLeaf): { values: Value[]; outputs: Value[] } {
  const values: Value[] = [];
  const byKey = new Map<string, readonly Value[]>();
  const byNode = new Map<Node, readonly Value[]>();
  const leaves = new Map<string, Value>();

  const leafValue = (leaf: Leaf, node: Node, output: number): Value => {
    const key = leaf.kind === "data" ? `data ${node.id}` : `${leaf.kind} ${leaf.kind === "binding" ? leaf.index : leaf.word} ${node.outputs[output]!.dtype} ${node.outputs[output]!.shape.join()}`;
    const known = leaves.get(key);
    if (known) return known;
    const value: Value = { id: values.length, spec: node.outputs[output]!, op: node.op, inputs: [], attributes: node.attributes, output, siblings: [], payload: node.payload, leaf, step: undefined };
    values.push(value);
    leaves.set(key, value);
    return value;
  };
  const resolve = ({ node, output }: GraphValue): Value => {
    const leaf = findLeaf({ node, output });
    return leaf ? leafValue(leaf, node, output) : byNode.get(node)![output]!;
  };

  const order = topologicalOrder(requested, (value) => isStored(value) || findLeaf(value) !== undefined).sort((a, b) => a.id - b.id);
  for (const node of order) {
    const inputs = node.inputs.map(resolve);
    const { name } = node.op;
    if (name === "alias" || name === "stopGradient") byNode.set(node, [inputs[0]!]);
    else if (name === "recomputed") byNode.set(node, inputs.slice(0, node.outputs.length));
    else {
      const key = `${name} ${JSON.stringify(node.attributes)} ${inputs.map((input) => input.id).join()}`;
      let results = byKey.get(key);
      if (!results) {
        const step: ViewStep | undefined = node.op.kind === "view" ? node.op.step(inputs[0]!.spec, node.attributes) : name === "barrier" ? { kind: "reshape", shape: inputs[0]!.spec.shape } : undefined;
        const siblings: Value[] = [];
        node.outputs.forEach((spec, output) => {
          const value: Value = { id: values.length, spec, op: node.op, inputs: name === "barrier" ? inputs.slice(0, 1) : inputs, attributes: node.attributes, output, siblings, payload: node.payload, leaf: undefined, step };
          siblings.push(value);
          values.push(value);
        });
        results = siblings;
        byKey.set(key, results);
      }
      byNode.set(node, results);
    }
  }
  return { values, outputs: requested.map(resolve) };
}
