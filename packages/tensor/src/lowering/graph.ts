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
  /** The line that made it, while somebody wants to know. */
  readonly site: string | undefined;
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
    const value: Value = { id: values.length, spec: node.outputs[output]!, op: node.op, inputs: [], attributes: node.attributes, output, siblings: [], payload: node.payload, leaf, step: undefined, site: node.site };
    values.push(value);
    leaves.set(key, value);
    return value;
  };
  const resolve = ({ node, output }: GraphValue): Value => {
    const leaf = findLeaf({ node, output });
    return leaf ? leafValue(leaf, node, output) : byNode.get(node)![output]!;
  };

  const add = ({ op, attributes, outputs, payload, site }: Pick<Node, "op" | "attributes" | "outputs" | "payload" | "site">, inputs: readonly Value[], step?: ViewStep, dependencies = inputs): readonly Value[] => {
    const key = `${op.name} ${JSON.stringify(attributes)} ${dependencies.map((input) => input.id).join()}`;
    const known = byKey.get(key);
    if (known) return known;
    const siblings: Value[] = [];
    outputs.forEach((spec, output) => {
      const value: Value = { id: values.length, spec, op, inputs, attributes, output, siblings, payload, leaf: undefined, step, site };
      siblings.push(value);
      values.push(value);
    });
    byKey.set(key, siblings);
    return siblings;
  };

  const order = topologicalOrder(requested, (value) => isStored(value) || findLeaf(value) !== undefined).sort((a, b) => a.id - b.id);
  const uses = new Map<Node, number>();
  for (const { node } of [...order.flatMap(({ inputs }) => inputs), ...requested]) uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const node of order) {
    const inputs = node.inputs.map(resolve);
    const { op, attributes, outputs } = node;
    if (op.name === "alias" || op.name === "stopGradient") byNode.set(node, [inputs[0]!]);
    else if (op.name === "recomputed") byNode.set(node, inputs.slice(0, outputs.length));
    else if (op.name === "barrier") byNode.set(node, add(node, inputs.slice(0, 1), { kind: "reshape", shape: inputs[0]!.spec.shape }, inputs));
    else {
      const step = op.kind === "view" ? op.step(inputs[0]!.spec, attributes) : undefined;
      const source = node.inputs[0]?.node;
      if (source?.op.name === "matmul" && uses.get(source) === 1 && !inputs[0]!.leaf && isTransposition(step)) {
        // (A · B)ᵀ = Bᵀ · Aᵀ: operands may have any strides, while a transposed result would be copied. Weights' gradients are such.
        const [a, b] = inputs[0]!.inputs.map((input) => add({ op, attributes, outputs: [transposed(input.spec)], payload: undefined, site: node.site }, [input], step)[0]!) as [Value, Value];
        byNode.set(node, add({ op: source.op, attributes: source.attributes, outputs, payload: undefined, site: source.site }, [b, a]));
      } else byNode.set(node, add(node, inputs, step));
    }
  }
  const outputs = requested.map(resolve);
  return { values: reachable(values, outputs), outputs };
}

const transposed = ({ shape, dtype }: Spec): Spec => ({ shape: [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!], dtype });

/** Whether a view swaps the last two axes, and does nothing else. */
function isTransposition(step: ViewStep | undefined): boolean {
  if (step?.kind !== "permute") return false;
  const last = step.order.length - 1;
  return step.order.every((axis, position) => axis === (position === last ? last - 1 : position === last - 1 ? last : position));
}

/** Values that outputs are made of; what was replaced is left out. */
function reachable(values: readonly Value[], outputs: readonly Value[]): Value[] {
  const found = new Set<Value>(outputs);
  // Inputs stand before what is made of them.
  for (const value of values.toReversed()) if ([value, ...value.siblings].some((sibling) => found.has(sibling))) for (const input of value.inputs) found.add(input);
  return values.filter((value) => found.has(value) || value.siblings.some((sibling) => found.has(sibling)));
}
