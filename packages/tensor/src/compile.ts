import { DeviceError, formatShape, OptionError } from "@multiway/errors";
import { Key } from "@multiway/random";
import type { DeviceBuffer, LoadedProgram } from "./backend.ts";
import type { Device } from "./device.ts";
import type { DType } from "./dtype.ts";
import { isDifferentiated } from "./grad.ts";
import { TensorKey } from "./key.ts";
import type { FindLeaf } from "./lowering/graph.ts";
import { lower, type Lowered } from "./lowering/lower.ts";
import { matchDonations } from "./lowering/donations.ts";
import { isStored, Node, specOf, topologicalOrder, type Storage, type Value } from "./node.ts";
import { inputOp, scalarOp } from "./ops/leaves.ts";
import { realizeValues } from "./realize.ts";
import type { Shape } from "./shape.ts";
import { scalar, Tensor } from "./tensor.ts";
import { flatten, type FlatTree, type Leaf } from "./tree.ts";

export interface CompileOptions {
  /** Positions of arguments whose tensors the call may overwrite. They must not be used afterwards. */
  donate?: readonly number[];
  /** For messages and profiles. Default: the function's name. */
  name?: string;
  /** Needed only when no argument holds a tensor. */
  device?: Device;
}

/** Arguments as a caller writes them: a number will do for a tensor. */
export type Outside<T> = T extends Tensor ? Tensor | number : T;
export type OutsideArguments<A extends readonly unknown[]> = { [K in keyof A]: Outside<A[K]> };

/** More signatures than this for one function are taken for a mistake, and warned of once. */
const expectedSignatures = 8;

/**
 * A function that is traced once per signature and then replayed as a fixed program: nothing is built, checked or allocated again.
 *
 * A signature is the structure of the arguments with all plain data in it, and the shapes, dtypes and device of the tensors. A number that is an
 * argument, or stands in an array or record, arrives inside as a scalar tensor (f32) and may change from call to call; a random key
 * likewise. What the function reads from around it is a constant.
 *
 * Returns at once; the device works behind. Donated arguments are updated in place where a result fits them.
 *
 * @throws DonatedTensorError when an argument was donated earlier, naming its place
 *
 * ```ts
 * const step = compile((model: Net, x: Tensor, learningRate: Tensor) => {
 *   const [loss, gradients] = valueAndGrad((model: Net) => model.loss(x))(model);
 *   return { loss, model: mapTree(model, (w, path) => w.sub(atPath(gradients, path).mul(learningRate))) };
 * }, { donate: [0] });
 * ({ model, loss } = step(model, batch, 0.01));
 * ```
 */
export function compile<A extends readonly unknown[], R>(fn: (...args: A) => R, options: CompileOptions = {}): (...args: OutsideArguments<A>) => R {
  const name = options.name ?? (fn.name || "compiled function");
  const traces = new Map<string, Trace>();
  let lastSignature: string | undefined;
  let warned = false;

  return (...args) => {
    const flat = flatten(args, { numbers: true, name });
    // Inside another trace, or inside a function that is being differentiated, the function is simply part of it.
    if (flat.leaves.some((leaf) => leaf instanceof Tensor && (leaf.value.node.traced || isDifferentiated(leaf)))) return fn(...(flat.rebuild(flat.leaves.map(asInside)) as A));
    const blank = flat.leaves.findIndex((leaf) => leaf instanceof Tensor && leaf.value.node.op.name === "parameter");
    if (blank >= 0) throw new DeviceError(`${name}: argument ${placeOf(flat.paths[blank]!)} is a parameter without elements; call await initialise(model, { device, key }) or load a checkpoint first.`);
    realizeValues(flat.leaves.flatMap((leaf) => (leaf instanceof Tensor && leaf.device && !isStored(leaf.value) ? [leaf.value] : [])));
    const device = deviceOf(name, flat, options.device);
    const signature = signatureOf(flat, device);
    let trace = traces.get(signature);
    if (!trace) {
      trace = new Trace(name, fn as (...args: readonly unknown[]) => unknown, flat, device, options.donate ?? []);
      traces.set(signature, trace);
      if (traces.size > expectedSignatures && !warned) {
        warned = true;
        console.warn(`${name} has been traced for ${traces.size} signatures; ${whatChanged(lastSignature!, signature)}. Pad inputs to a few sizes, or pass numbers as arguments.`);
      }
    }
    lastSignature = signature;
    return trace.run(flat) as R;
  };
}

/** Numbers and keys as a compiled function sees them. */
function asInside(leaf: Leaf): Leaf | TensorKey {
  if (typeof leaf === "number") return scalar(leaf, "f32");
  return leaf instanceof Key ? new TensorKey([scalar(leaf.words[0], "u32"), scalar(leaf.words[1], "u32")]) : leaf;
}

const deviceIds = new WeakMap<Device, number>();
let deviceCount = 0;
function deviceId(device: Device): number {
  let id = deviceIds.get(device);
  if (id === undefined) deviceIds.set(device, (id = ++deviceCount));
  return id;
}

function deviceOf(name: string, flat: FlatTree<Leaf>, chosen: Device | undefined): Device {
  let device = chosen;
  flat.leaves.forEach((leaf, index) => {
    if (!(leaf instanceof Tensor) || !leaf.device) return;
    if (device && leaf.device !== device) throw new DeviceError(`${name}: argument ${placeOf(flat.paths[index]!)} lives on ${leaf.device.name}, others on ${device.name}; expected one device.`);
    device = leaf.device;
  });
  if (!device) throw new DeviceError(`${name}: no argument holds a tensor on a device; expected at least one, made with device.tensor(), or { device } among compile's options.`);
  return device;
}

/** `0.layers.3.weight` as `0: layers.3.weight`. */
const placeOf = (path: string): string => path.replace(/^(\d+)\./, "$1: ");

function signatureOf(flat: FlatTree<Leaf>, device: Device): string {
  let text = `${deviceId(device)}\n${flat.text}`;
  flat.leaves.forEach((leaf, index) => {
    if (leaf instanceof Tensor) text += `\n${flat.paths[index]}: ${leaf.dtype}[${leaf.shape.join()}]${leaf.device ? "" : ` constant ${leaf.value.node.id}`}`;
  });
  return text;
}

function whatChanged(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const line = now.findIndex((part, index) => part !== old[index]);
  if (line < 0) return "the last two are alike";
  return line === 1 ? "plain data among the arguments changes" : `argument ${placeOf(now[line]!)} was ${(old[line] ?? "absent").split(": ").pop()} before`;
}

/** A function's program for one signature. */
class Trace {
  readonly #name: string;
  readonly #device: Device;
  readonly #lowered: Lowered;
  readonly #loaded: LoadedProgram;
  readonly #result: FlatTree<Leaf>;
  /** For each tensor of the result its shape; other leaves are handed back as they were. */
  readonly #shapes: (Shape | undefined)[];
  /** Tensors that the function read from around it. Kept, so that their memory stays. */
  readonly #captured: Storage[] = [];
  readonly #inputs: number[] = [];
  readonly #scalars: { leaf: number; word: number }[] = [];
  readonly #numScalars: number;
  /** Leaves of donated arguments, as positions among the inputs. */
  readonly #donated: number[] = [];

  constructor(name: string, fn: (...args: readonly unknown[]) => unknown, flat: FlatTree<Leaf>, device: Device, donate: readonly number[]) {
    this.#name = name;
    this.#device = device;
    let words = 0;
    const traced = flat.leaves.map((leaf, index) => {
      if (leaf instanceof Tensor) {
        if (!leaf.device) return leaf;
        const binding = this.#inputs.push(index) - 1;
        if (donate.includes(Number.parseInt(flat.paths[index]!, 10))) this.#donated.push(binding);
        const { shape, dtype } = leaf;
        return tracedTensor(new Node(inputOp, [], { index: binding, shape, dtype }, [{ shape, dtype }], device));
      }
      const word = words;
      this.#scalars.push({ leaf: index, word });
      words += leaf instanceof Key ? 2 : 1;
      const scalarInput = (at: number, dtype: DType) => tracedTensor(new Node(scalarOp, [], { word: at, dtype }, [{ shape: [], dtype }], device));
      return leaf instanceof Key ? new TensorKey([scalarInput(word, "u32"), scalarInput(word + 1, "u32")]) : scalarInput(word, "f32");
    });
    this.#numScalars = words;
    this.#result = flatten(fn(...(flat.rebuild(traced) as unknown[])), { name });
    const outputs = this.#result.leaves.flatMap((leaf) => (leaf instanceof Tensor ? [leaf.value] : []));
    this.#shapes = this.#result.leaves.map((leaf) => (leaf instanceof Tensor ? leaf.shape : undefined));

    const captured = this.#capture(outputs);
    const findLeaf: FindLeaf = ({ node, output }) => {
      const storage = node.stored[output];
      if (storage) return { kind: "binding", index: this.#inputs.length + captured.get(storage)! };
      if (node.op === inputOp) return { kind: "binding", index: node.attributes["index"] as number };
      if (node.op === scalarOp) return { kind: "scalar", word: node.attributes["word"] as number };
      return node.op.name === "data" ? { kind: "data", payload: node.payload } : undefined;
    };
    const { backend } = device;
    const outputPaths = this.#result.paths.filter((_, index) => this.#shapes[index] !== undefined);
    this.#lowered = lower({
      label: name,
      outputs,
      findLeaf,
      numInputs: this.#inputs.length + captured.size,
      numScalars: words,
      limits: backend.limits,
      fuses: backend.fuses,
      donations: matchDonations(
        this.#donated.map((binding) => ({ binding, path: flat.paths[this.#inputs[binding]!]!, spec: flat.leaves[this.#inputs[binding]!] as Tensor })),
        outputs.map((value, index) => ({ path: outputPaths[index]!, spec: specOf(value) })),
      ),
    });
    this.#loaded = backend.load(this.#lowered.program);
  }

  /** Finds memory that the graph reads besides the arguments. */
  #capture(outputs: readonly Value[]): Map<Storage, number> {
    const captured = new Map<Storage, number>();
    const note = (value: Value) => {
      const storage = value.node.stored[value.output];
      if (!storage || captured.has(storage)) return;
      if (storage.device !== this.#device) throw new DeviceError(`${this.#name}: reads a tensor on ${storage.device.name}, but runs on ${this.#device.name}; expected one device.`);
      captured.set(storage, captured.size);
      this.#captured.push(storage);
    };
    outputs.forEach(note);
    for (const node of topologicalOrder(outputs)) node.inputs.forEach(note);
    return captured;
  }

  run(flat: FlatTree<Leaf>): unknown {
    const { backend } = this.#device;
    const bindings: DeviceBuffer[] = [];
    const storages = this.#inputs.map((index) => {
      const storage = storageOf(flat.leaves[index] as Tensor);
      bindings.push(storage.require());
      return storage;
    });
    for (const storage of this.#captured) bindings.push(storage.require());
    this.#requireDistinct(flat, storages);
    const words = new Uint32Array(this.#numScalars);
    const floats = new Float32Array(words.buffer);
    for (const { leaf, word } of this.#scalars) {
      const value = flat.leaves[leaf];
      if (value instanceof Key) words.set(value.words, word);
      else floats[word] = value as number;
    }
    const numInputs = bindings.length;
    for (const { dtype, length } of this.#lowered.results) bindings.push(backend.allocate(dtype, length));
    backend.run(this.#loaded, bindings, words);

    const reused = new Set(this.#lowered.outputBindings.filter((binding) => binding < numInputs));
    for (const binding of this.#donated) {
      const message = `${this.#name}: argument ${placeOf(flat.paths[this.#inputs[binding]!]!)} was donated to an earlier call; expected the tensor that the call returned in its place.`;
      if (reused.has(binding)) storages[binding]!.donate(message);
      else storages[binding]!.free(message);
    }
    let next = 0;
    return this.#result.rebuild(
      this.#result.leaves.map((leaf, index) => {
        const shape = this.#shapes[index];
        return shape ? this.#device.adopt(bindings[this.#lowered.outputBindings[next++]!]!, shape) : leaf;
      }),
    );
  }

  /** A donated tensor that is also another argument would be read while it is overwritten. */
  #requireDistinct(flat: FlatTree<Leaf>, storages: readonly Storage[]): void {
    if (this.#donated.length === 0) return;
    const seen = new Map<Storage, number>();
    const donated = new Set(this.#donated);
    storages.forEach((storage, binding) => {
      const other = seen.get(storage);
      if (other !== undefined && (donated.has(binding) || donated.has(other))) {
        throw new OptionError(
          `${this.#name}: arguments ${placeOf(flat.paths[this.#inputs[other]!]!)} and ${placeOf(flat.paths[this.#inputs[binding]!]!)} are one tensor of shape ${formatShape((flat.leaves[this.#inputs[binding]!] as Tensor).shape)}, and it is donated; expected a tensor of its own for each.`,
        );
      }
      if (donated.has(binding) && this.#captured.includes(storage)) {
        throw new OptionError(
          `${this.#name}: argument ${placeOf(flat.paths[this.#inputs[binding]!]!)} is donated, and the function also reads it from around it; expected its use as an argument alone.`,
        );
      }
      seen.set(storage, binding);
    });
  }
}

const storageOf = (tensor: Tensor): Storage => tensor.value.node.stored[tensor.value.output]!;
const tracedTensor = (node: Node): Tensor => new Tensor({ node, output: 0 });
