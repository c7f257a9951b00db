import { atSite } from "./call-site.ts";
import { pullBack } from "./backward.ts";
import { Node, nodeCounter, topologicalOrder, type Value } from "./node.ts";
import type { SpecialOp } from "./op.ts";
import { barrierOp } from "./ops/leaves.ts";
import { apply, Tensor } from "./tensor.ts";
import { flatten } from "./tree.ts";

/** The results of a function whose intermediates are not kept for the gradient but computed again. Its inputs: the results, then all that the function read. */
const recomputedOp: SpecialOp<{ numOutputs: number }> = {
  kind: "special",
  name: "recomputed",
  infer: (inputs, { numOutputs }) => inputs.slice(0, numOutputs),
  vjp: ({ inputs, gradients, attributes: { numOutputs } }) => {
    const outputs = inputs.slice(0, numOutputs);
    const read = inputs.slice(numOutputs);
    const after = gradients.find((gradient) => gradient !== undefined)!;
    // Behind a barrier the function's inputs are other values than before, so that its ops are not joined with the first run's.
    const again = read.map((tensor) => apply(barrierOp, [tensor, after], {})[0]!);
    const copies = copyGraph(
      outputs.map((output) => output.value),
      new Map(read.map((tensor, index) => [keyOf(tensor.value), again[index]!.value])),
    );
    const seeds = copies.flatMap((value, index) => (gradients[index] ? [{ tensor: new Tensor(value), gradient: gradients[index] }] : []));
    return [...outputs.map(() => undefined), ...pullBack(seeds, again)];
  },
};

const keyOf = ({ node, output }: Value): string => `${node.id}.${output}`;

/** The same ops once more, with some values replaced. */
function copyGraph(outputs: readonly Value[], replaced: ReadonlyMap<string, Value>): Value[] {
  const copies = new Map<Node, Node>();
  const map = (value: Value): Value => replaced.get(keyOf(value)) ?? (copies.has(value.node) ? { node: copies.get(value.node)!, output: value.output } : value);
  const nodes = topologicalOrder(outputs, (value) => replaced.has(keyOf(value)) || value.node.stored[value.output] !== undefined).sort((a, b) => a.id - b.id);
  for (const node of nodes) {
    if (node.inputs.length > 0) copies.set(node, atSite(node.site, () => new Node(node.op, node.inputs.map(map), node.attributes, node.outputs, node.device, node.payload)));
  }
  return outputs.map(map);
}

/**
 * The same function, whose intermediates are computed again in the backward pass instead of being kept: less memory for more work
 * (Chen et al. 2016, "Training deep nets with sublinear memory cost").
 *
 * What the function reads from outside its arguments receives gradients too.
 *
 * ```ts
 * for (const layer of this.layers) x = checkpoint((x: Tensor) => layer.forward(x))(x);
 * ```
 */
export function checkpoint<A extends readonly unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const before = nodeCounter.ids;
    const flat = flatten(fn(...args));
    const outputs = flat.leaves.filter((leaf) => leaf instanceof Tensor);
    if (outputs.length === 0) return flat.rebuild(flat.leaves) as R;
    const inside = (value: Value) => value.node.id >= before && value.node.inputs.length > 0;
    const read = new Map<string, Value>();
    // A result that the function merely hands through is read too, or its gradient would end here.
    for (const { value } of outputs) if (!inside(value)) read.set(keyOf(value), value);
    for (const node of topologicalOrder(outputs.map((output) => output.value), (value) => !inside(value))) {
      for (const input of node.inputs) if (!inside(input) && input.node.op.name !== "full" && input.node.op.name !== "iota") read.set(keyOf(input), input);
    }
    const inputs = [...outputs, ...[...read.values()].map((value) => new Tensor(value))];
    const results = apply(recomputedOp, inputs, { numOutputs: outputs.length });
    let next = 0;
    return flat.rebuild(flat.leaves.map((leaf) => (leaf instanceof Tensor ? results[next++] : leaf))) as R;
  };
}

