import { DeviceError, ShapeError } from "@multiway/errors";
import type { Device } from "./device.ts";
import type { DType, HostArray } from "./dtype.ts";
import { halfToFloat } from "./half.ts";
import type { FindLeaf } from "./lowering/graph.ts";
import { isStored, specOf, Storage, topologicalOrder, type Node, type Value } from "./node.ts";
import type { DeviceBuffer } from "./backend.ts";

/** A graph with more pending ops than this is taken for a loop that forgot to realize. */
const maxPendingOps = 10_000;

/**
 * Computes values and keeps them: afterwards each has memory on its device. Returns at once; the device works behind.
 *
 * Graphs of equal structure share one program: what differs between runs (memory, numbers) is handed in.
 */
export function realizeValues(values: readonly Value[], chosen?: Device): void {
  const pending = [...new Map(values.filter((value) => !isStored(value)).map((value) => [`${value.node.id}.${value.output}`, value])).values()];
  if (pending.length === 0) return;
  for (const { node } of pending) {
    if (node.traced) {
      throw new DeviceError("realize: inside a compiled function tensors have no elements yet; return what you want to read, and read it outside.");
    }
  }
  const device = chosen ?? pending.find((value) => value.node.device)?.node.device;
  if (!device) {
    throw new DeviceError("realize: the tensors are made of constants alone, which belong to no device. Make one of them with device.tensor(), or pass { device }.");
  }
  const nodes = topologicalOrder(pending).sort((a, b) => a.id - b.id);
  if (nodes.length > maxPendingOps) {
    throw new ShapeError(
      `realize: ${nodes.length} ops are pending; expected at most ${maxPendingOps}. Call await realize(…) on the tensors that a loop carries, once per round, or compile the loop's body.`,
      { details: { pending: nodes.length } },
    );
  }
  const blank = nodes.find((node) => node.op.name === "parameter");
  if (blank) {
    const { shape } = blank.outputs[0]!;
    throw new DeviceError(`realize: a parameter of shape [${shape.join(", ")}] has no elements yet; call await initialise(model, { device, key }) or load a checkpoint first.`, { details: { shape } });
  }
  const { text, bindings, scalars, findLeaf } = structureOf(nodes, pending, device);
  const { lowered, loaded } = device.programFor(text, {
    label: `${nodes[nodes.length - 1]!.op.name} and ${nodes.length - 1} more`,
    outputs: pending,
    findLeaf,
    numInputs: bindings.length,
    numScalars: scalars.length,
  });
  const results = lowered.results.map(({ dtype, length }) => device.backend.allocate(dtype, length));
  device.backend.run(loaded, [...bindings, ...results], new Uint32Array(Float32Array.from(scalars, ({ value }) => value).buffer).map((bits, word) => (scalars[word]!.dtype === "f32" ? bits : scalars[word]!.value >>> 0)));
  pending.forEach((value, position) => {
    value.node.stored[value.output] = new Storage(device, results[lowered.outputBindings[position]! - bindings.length]!);
    // A computed node no longer needs what it was made of.
    if (value.node.outputs.every((_, output) => value.node.stored[output])) value.node.inputs = [];
  });
}

interface Structure {
  /** Equal for graphs that can share a program. */
  text: string;
  bindings: DeviceBuffer[];
  scalars: { value: number; dtype: DType }[];
  findLeaf: FindLeaf;
}

function structureOf(nodes: readonly Node[], outputs: readonly Value[], device: Device): Structure {
  const bindings: DeviceBuffer[] = [];
  const bindingOf = new Map<Storage, number>();
  const wordOf = new Map<Node, number>();
  const wordOfNumber = new Map<string, number>();
  const scalars: Structure["scalars"] = [];
  const position = new Map<Node, number>();
  const parts: string[] = [];

  const reference = (value: Value): string => {
    const storage = value.node.stored[value.output];
    if (!storage) return `${position.get(value.node)}.${value.output}`;
    let binding = bindingOf.get(storage);
    if (binding === undefined) {
      if (storage.device !== device) throw new DeviceError(`realize: a tensor lives on ${storage.device.name}, the others on ${device.name}; expected one device.`);
      bindingOf.set(storage, (binding = bindings.push(storage.require()) - 1));
    }
    const { shape, dtype } = specOf(value);
    return `b${binding}:${dtype}[${shape.join()}]`;
  };
  nodes.forEach((node, index) => {
    position.set(node, index);
    const inputs = node.inputs.map(reference).join(" ");
    const { attributes } = node;
    if (node.op.name === "full" && typeof attributes["value"] === "number" && attributes["dtype"] !== "bool") {
      // Numbers are handed in with each run, so that a changing one does not make a new program. Equal ones share a word, so that equal
      // ops on them, one in each layer perhaps, share a kernel.
      const { dtype } = node.outputs[0]!;
      const value = attributes["value"];
      const key = `${dtype} ${Object.is(value, -0) ? "-0" : value}`;
      let word = wordOfNumber.get(key);
      if (word === undefined) wordOfNumber.set(key, (word = scalars.push({ value, dtype }) - 1));
      wordOf.set(node, word);
      parts.push(`number ${dtype} ${word}`);
    } else if (node.op.name === "data") parts.push(`data ${node.id}`);
    else parts.push(`${node.op.name} ${JSON.stringify(attributes)} ${inputs}`);
  });
  parts.push(outputs.map(reference).join(" "));

  const findLeaf: FindLeaf = (value) => {
    const storage = value.node.stored[value.output];
    if (storage) return { kind: "binding", index: bindingOf.get(storage)! };
    const word = wordOf.get(value.node);
    if (word !== undefined) return { kind: "scalar", word };
    return value.node.op.name === "data" ? { kind: "data", payload: value.node.payload } : undefined;
  };
  return { text: parts.join("\n"), bindings, scalars, findLeaf };
}

/** The elements of a value: computed if need be, constants without a device, half floats widened. */
export async function readStored(value: Value): Promise<HostArray> {
  const { node } = value;
  if (!isStored(value) && node.device === undefined && node.op.name === "data") return widen((node.payload as HostArray).slice(), specOf(value).dtype);
  realizeValues([value]);
  const storage = node.stored[value.output]!;
  return widen(await storage.read(), specOf(value).dtype);
}

const widen = (data: HostArray, dtype: DType): HostArray => (dtype === "f16" && data instanceof Uint16Array ? Float32Array.from(data, halfToFloat) : data);
