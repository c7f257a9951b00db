import { InternalError, OptionError } from "@multiway/errors";
import { atSite } from "./call-site.ts";
import { isFloat } from "./dtype.ts";
import { specOf, topologicalOrder, type Node, type Value } from "./node.ts";
import { apply, Tensor } from "./tensor.ts";

const keyOf = ({ node, output }: Value): string => `${node.id}.${output}`;

/**
 * Reverse-mode differentiation: pulls gradients of `outputs` back to `targets`, by a graph of the ops' own rules.
 *
 * @returns for each target its gradient, or undefined when no output depends on it
 */
export function pullBack(outputs: readonly { tensor: Tensor; gradient: Tensor }[], targets: readonly Tensor[]): (Tensor | undefined)[] {
  const targetKeys = new Set(targets.map((target) => keyOf(target.value)));
  // Stored values end the walk, unless they are what is asked for.
  const order = topologicalOrder(
    outputs.map(({ tensor }) => tensor.value),
    (value) => value.node.stored[value.output] !== undefined && value.node.op.name === "stored",
  ).sort((a, b) => a.id - b.id);

  const depends = new Set<Node>();
  for (const node of order) {
    if (node.op.name === "stopGradient") continue;
    if (node.inputs.some((input) => depends.has(input.node) || targetKeys.has(keyOf(input))) || node.outputs.some((_, output) => targetKeys.has(`${node.id}.${output}`))) depends.add(node);
  }

  const gradients = new Map<string, Tensor>();
  const accumulate = (value: Value, gradient: Tensor) => {
    const key = keyOf(value);
    const known = gradients.get(key);
    gradients.set(key, known ? known.add(gradient) : gradient);
  };
  for (const { tensor, gradient } of outputs) accumulate(tensor.value, gradient);

  for (let position = order.length - 1; position >= 0; position--) {
    const node = order[position]!;
    if (!depends.has(node)) continue;
    const wants = node.inputs.map((input) => isFloat(specOf(input).dtype) && (depends.has(input.node) || targetKeys.has(keyOf(input))));
    const received = node.outputs.map((_, output) => gradients.get(`${node.id}.${output}`));
    if (!wants.includes(true) || received.every((gradient) => gradient === undefined)) continue;
    if (node.op.vjp === "none") {
      throw new OptionError(`grad: ${node.op.name} has no gradient; its documentation says why. Put stopGradient() before it, or write it in other ops.`, { details: { op: node.op.name } });
    }
    const { vjp } = node.op;
    const context = {
      inputs: node.inputs.map((input) => new Tensor(input)),
      outputs: node.outputs.map((_, output) => new Tensor({ node, output })),
      gradients: received,
      attributes: node.attributes,
      wants: (input: number) => wants[input] ?? false,
      apply,
    };
    const pulled = atSite(node.site && `${node.site}, backward`, () => vjp(context));
    pulled.forEach((gradient, input) => {
      if (!gradient || !wants[input]) return;
      const expected = specOf(node.inputs[input]!).shape;
      if (gradient.shape.join() !== expected.join()) {
        throw new InternalError(`the gradient of ${node.op.name} in input ${input} has shape [${gradient.shape.join(", ")}], the input [${expected.join(", ")}].`);
      }
      accumulate(node.inputs[input]!, gradient);
    });
  }
  return targets.map((target) => gradients.get(keyOf(target.value)));
}
