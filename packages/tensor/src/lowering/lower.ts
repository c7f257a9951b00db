import { formatShape, InternalError } from "@multiway/errors";
import type { DeviceLimits } from "../backend.ts";
import { bytesOf, registerType, type DType, type HostArray } from "../dtype.ts";
import type { Access, Epilogue, Instruction, Kernel, Layout, LoopKernel } from "../kernel-ir.ts";
import type { Value as GraphValue } from "../node.ts";
import type { Place, Program, ProgramBuffer, Step, StepOp } from "../program.ts";
import { contiguousStrides, sameShape, sizeOf, type Shape } from "../shape.ts";
import { makeClusters, type Cluster, type ClusterEpilogue, type LoopCluster } from "./clusters.ts";
import { BufferList, nameOf, type Memory } from "./buffers.ts";
import { collapseNest } from "./collapse.ts";
import { attachEpilogues } from "./epilogues.ts";
import { joinLoops, timeLives, withMergedBuffers, type PlannedStep } from "./launches.ts";
import { canonicalGraph, type FindLeaf, type Value } from "./graph.ts";
import { LoopBuilder, MustCopy, MustStore } from "./loop-builder.ts";
import { planMemory } from "./memory.ts";
import { chooseStored } from "./stored.ts";

export interface LowerRequest {
  label: string;
  outputs: readonly GraphValue[];
  findLeaf: FindLeaf;
  /** Bindings that are handed in. */
  numInputs: number;
  numScalars: number;
  limits: DeviceLimits;
  fuses: boolean;
  /** For an output: the input binding that it may overwrite, in order of preference. */
  donations?: ReadonlyMap<number, number>;
}

export interface Lowered {
  program: Program;
  /** For each output: the binding that holds it after a run. Those below `numInputs` are donated inputs. */
  outputBindings: number[];
  /** What bindings from `numInputs` on must be allocated as. */
  results: { dtype: DType; length: number }[];
}

/** Turns a graph into a program: joins equal ops, fuses, orders, plans memory. */
export function lower(request: LowerRequest): Lowered {
  const { values, outputs } = canonicalGraph(request.outputs, request.findLeaf);
  const forced = new Set<Value>();
  const copied = new Set<Value>();
  for (;;) {
    try {
      return new Lowering(request, values, outputs, forced, copied).run();
    } catch (error) {
      if (error instanceof MustCopy && !copied.has(error.result)) {
        copied.add(error.result);
        continue;
      }
      if (!(error instanceof MustStore)) throw error;
      for (const value of error.values) {
        if (forced.has(value)) throw new InternalError(`${value.op.name} of ${formatShape(value.spec.shape)} cannot be stored.`);
        forced.add(value);
      }
    }
  }
}

class Lowering {
  readonly #request: LowerRequest;
  readonly #values: readonly Value[];
  readonly #outputs: readonly Value[];
  readonly #stored: Set<Value>;
  readonly #memory = new Map<Value, Memory>();
  readonly #steps: PlannedStep[] = [];
  readonly #results: { dtype: DType; length: number }[] = [];
  #scalars: Map<DType, Memory> = new Map();
  /** Results, and the arguments that they are hoped to be written over. */
  readonly #overwrites = new Map<Value, Value>();

  constructor(request: LowerRequest, values: readonly Value[], outputs: readonly Value[], forced: ReadonlySet<Value>, copied: ReadonlySet<Value>) {
    this.#request = request;
    this.#values = values;
    this.#outputs = outputs;
    this.#stored = chooseStored(values, outputs, forced, request.fuses);
    const arguments_ = new Map(values.map((value) => [value.leaf?.kind === "binding" ? value.leaf.index : undefined, value]));
    outputs.forEach((output, position) => {
      const owner = ownerOf(output);
      if (!owner) return;
      this.#stored.add(owner);
      const donated = request.donations?.get(position);
      const argument = donated === undefined ? undefined : arguments_.get(donated);
      if (argument && !copied.has(owner) && !this.#overwrites.has(owner)) this.#overwrites.set(owner, argument);
    });
  }

  run(): Lowered {
    const { limits, fuses } = this.#request;
    const isStored = (value: Value) => value.leaf !== undefined || this.#stored.has(value);
    const clusters = makeClusters(this.#values, this.#stored, { isStored, overwrites: this.#overwrites, maxBuffers: limits.maxBuffersPerKernel, fuses });
    for (const cluster of fuses ? this.#withEpilogues(clusters, isStored) : clusters) this.#emit(cluster, isStored);
    const outputBindings = this.#bindOutputs(isStored);
    return { program: this.#assemble(), outputBindings, results: this.#results };
  }

  #withEpilogues(clusters: readonly Cluster[], isStored: (value: Value) => boolean): Cluster[] {
    const owners = this.#outputs.map(ownerOf);
    const known = (values: readonly (Value | undefined)[]) => new Set(values.filter((value) => value !== undefined));
    return attachEpilogues(clusters, {
      isStored,
      outputOwners: known(owners),
      donated: known(owners.filter((_, position) => this.#request.donations?.has(position))),
      maxBuffers: this.#request.limits.maxBuffersPerKernel,
    });
  }

  #memoryOf(value: Value): Memory {
    const known = this.#memory.get(value);
    if (known) return known;
    const { leaf, spec } = value;
    if (leaf?.kind === "scalar") {
      let scalars = this.#scalars.get(spec.dtype);
      if (!scalars) this.#scalars.set(spec.dtype, (scalars = { dtype: spec.dtype, length: this.#request.numScalars, place: { kind: "scalars" }, first: 0, last: 0 }));
      return scalars;
    }
    const place: Place | undefined = leaf?.kind === "binding" ? { kind: "binding", index: leaf.index } : leaf?.kind === "data" ? { kind: "constant", data: leaf.payload as HostArray } : undefined;
    // A half-float view that needs memory of its own is kept in f32: loops do not write half floats.
    const dtype = spec.dtype === "f16" && value.step ? "f32" : spec.dtype;
    const memory: Memory = { dtype, length: sizeOf(spec.shape), place, first: this.#steps.length, last: this.#steps.length };
    this.#memory.set(value, memory);
    return memory;
  }

  #emit(cluster: Cluster, isStored: (value: Value) => boolean): void {
    if (cluster.kind === "loop") this.#emitLoop(cluster, isStored);
    else {
      const [first] = cluster.members as [Value];
      const { op, attributes } = first;
      if (op.kind !== "kernel") throw new InternalError(`${op.name} is no kernel op.`);
      const outputShapes =
        op.layout?.(
          first.inputs.map((input) => input.spec),
          cluster.members.map((member) => member.spec),
          attributes,
        ).outputs ?? cluster.members.map((member) => member.spec.shape);
      const buffers = new BufferList();
      const inputs: Layout[] = cluster.inputs.map(({ value, view }) => {
        const memory = this.#memoryOf(value);
        return { buffer: buffers.use(memory, "read"), dtype: memory.dtype, shape: view.shape, strides: view.strides, offset: view.offset + wordOf(value) };
      });
      const { epilogue } = cluster;
      const outputs: Layout[] = cluster.members.map((member, position) => {
        const memory = this.#memoryOf(epilogue && !epilogue.keepsResult ? epilogue.host : member);
        const shape = outputShapes[position]!;
        return { buffer: buffers.use(memory, "write"), dtype: memory.dtype, shape, strides: contiguousStrides(shape), offset: 0 };
      });
      if (cluster.members.every((member) => sizeOf(member.spec.shape) === 0)) return;
      const plain = Object.fromEntries(Object.entries(attributes).filter(([, value]) => !Array.isArray(value))) as Record<string, number | boolean | string>;
      const label = `${op.name}${epilogue ? `+${epilogue.members.map((member) => member.op.name).join("+")}` : ""} ${describe(first)}`;
      const code = epilogue && this.#emitEpilogue(epilogue, first, outputs[0]!, buffers);
      this.#push({ kind: "op", op: op.kernel, label, buffers: buffers.described, attributes: plain, inputs, outputs, ...(code && { epilogue: code }) }, buffers, [first, ...(epilogue?.builder.evaluated ?? [])]);
    }
  }

  #emitEpilogue({ members, builder, results }: ClusterEpilogue, result: Value, output: Layout, buffers: BufferList): Epilogue {
    // The result is written by the kernel before the epilogue reads it: for the program as a whole its memory is only written.
    const body = this.#bind(builder, buffers, { own: { value: result, access: { buffer: output.buffer, offset: 0, strides: output.strides } } });
    const stores = members.map((member, position) => ({
      access: { buffer: buffers.use(this.#memoryOf(member), "write"), offset: 0, strides: output.strides },
      value: results[position]!,
    }));
    return { body, stores };
  }

  #emitLoop({ members, axes, domain }: LoopCluster, isStored: (value: Value) => boolean): void {
    const nonEmpty = members.filter((member) => sizeOf(member.spec.shape) > 0);
    for (const member of members) this.#memoryOf(member);
    if (nonEmpty.length === 0) return;
    const buffers = new BufferList();
    const builder = new LoopBuilder(isStored);
    const results = members.map((member) => {
      if (axes) return builder.read(member.inputs[0]!);
      const instruction = builder.evaluate(member);
      builder.define(member, instruction);
      return instruction;
    });
    const kept = axes ? domain.map((_, axis) => axis).filter((axis) => !axes.includes(axis)) : domain.map((_, axis) => axis);
    const order = [...kept, ...(axes ?? [])];
    const body = this.#bind(builder, buffers, { order });
    const keptShape = kept.map((axis) => domain[axis]!);
    const stores = members.map((member, position) => ({
      access: { buffer: buffers.use(this.#memoryOf(member), "write"), offset: 0, strides: contiguousStrides(keptShape) },
      value: axes ? position : results[position]!,
    }));
    const label = `${members.map((member) => member.op.name).join("+")} ${describe(members[0]!)}`;
    if (axes) {
      const nest = collapseNest({ extents: keptShape, reduced: axes.map((axis) => domain[axis]!), lists: [body], stores });
      const finish = members.map((member, position) => ({ op: "reduced" as const, type: registerType(member.spec.dtype), result: position }));
      const kernel: LoopKernel = {
        kind: "loop",
        label,
        buffers: buffers.described,
        extents: nest.extents,
        reduction: { extents: nest.reduced, body: nest.lists[0]!, results: members.map((member, position) => ({ combine: member.op.kind === "reduction" ? member.op.combine : "sum", value: results[position]! })) },
        body: finish,
        stores: nest.stores,
      };
      this.#push(kernel, buffers, [...members, ...builder.evaluated]);
    } else {
      const nest = collapseNest({ extents: keptShape, reduced: [], lists: [body], stores });
      this.#push({ kind: "loop", label, buffers: buffers.described, extents: nest.extents, body: nest.lists[0]!, stores: nest.stores }, buffers, builder.evaluated);
    }
  }

  /** What a builder wrote, for a kernel: loads are from its buffers, `own` from the result that it has at hand, and axes stand in its `order`. */
  #bind({ code, loaded }: LoopBuilder, buffers: BufferList, { own, order }: { own?: { value: Value; access: Access }; order?: readonly number[] } = {}): Instruction[] {
    const places = loaded.map((value) => (value === own?.value ? undefined : buffers.use(this.#memoryOf(value), "read")));
    return code.instructions.map((instruction) => {
      if (order && instruction.op === "index") return { ...instruction, axis: order.indexOf(instruction.axis) };
      if (instruction.op !== "load") return instruction;
      const { buffer, offset, strides } = instruction.access;
      const place = places[buffer];
      return { ...instruction, access: place === undefined ? own!.access : { buffer: place, offset: offset + wordOf(loaded[buffer]!), strides: order?.map((axis) => strides[axis]!) ?? strides } };
    });
  }

  #push(kernel: Kernel, buffers: BufferList, computed: readonly Value[]): void {
    for (const memory of buffers.memory) memory.last = this.#steps.length;
    this.#steps.push({ kernel, memory: buffers.memory, computed });
  }

  /** Gives each output its binding: a donated one where that is safe, else a new one. */
  #bindOutputs(isStored: (value: Value) => boolean): number[] {
    const { numInputs, donations } = this.#request;
    const taken = new Set<number>();
    const late: { output: Value; memory: Memory; binding: number }[] = [];
    const bindings = this.#outputs.map((output, position) => {
      const donated = donations?.get(position);
      const owner = ownerOf(output);
      const memory = owner && this.#memory.get(owner);
      const dtype = output.spec.dtype;
      const length = sizeOf(output.spec.shape);
      if (donated !== undefined && !taken.has(donated)) {
        taken.add(donated);
        if (output.leaf?.kind === "binding" && output.leaf.index === donated) return donated;
        if (memory && memory.place === undefined && this.#mayOverwrite(donated, output, memory)) memory.place = { kind: "binding", index: donated };
        else if (owner && this.#overwrites.has(owner) && this.#writesTooMuch(memory)) throw new MustCopy(owner);
        else late.push({ output, memory: { dtype, length, place: { kind: "binding", index: donated }, first: 0, last: 0 }, binding: donated });
        return donated;
      }
      const binding = numInputs + this.#results.push({ dtype, length }) - 1;
      if (memory && memory.place === undefined) memory.place = { kind: "binding", index: binding };
      else late.push({ output, memory: { dtype, length, place: { kind: "binding", index: binding }, first: 0, last: 0 }, binding });
      return binding;
    });
    // What could not be written in place: first everything into scratch memory, then into the bindings, which may hold each other's sources.
    const copies = late.filter(({ memory }) => memory.length > 0).map(({ output, memory }) => ({ target: memory, source: this.#copySource(output, memory, isStored) }));
    for (const { source, target } of copies) this.#copy(source, target);
    return bindings;
  }

  /** Scratch memory with an output's elements. */
  #copySource(output: Value, target: Memory, isStored: (value: Value) => boolean): Memory {
    const owner = ownerOf(output);
    const own = owner && this.#memory.get(owner);
    // A result's own memory is not overwritten any more; a donated argument's may be.
    if (own && (own.place?.kind !== "binding" || own.place.index >= this.#request.numInputs) && own.dtype === target.dtype) return own;
    const builder = new LoopBuilder(isStored);
    const value = builder.read(output);
    const scratch: Memory = { dtype: target.dtype === "f16" ? "f32" : target.dtype, length: target.length, place: undefined, first: this.#steps.length, last: this.#steps.length };
    const buffers = new BufferList();
    const body = this.#bind(builder, buffers);
    const shape = output.spec.shape;
    const nest = collapseNest({ extents: [...shape], reduced: [], lists: [body], stores: [{ access: { buffer: buffers.use(scratch, "write"), offset: 0, strides: contiguousStrides(shape) }, value }] });
    this.#push({ kind: "loop", label: `copy ${formatShape(shape)} ${scratch.dtype}`, buffers: buffers.described, extents: nest.extents, body: nest.lists[0]!, stores: nest.stores }, buffers, [output]);
    return scratch;
  }

  #copy(source: Memory, target: Memory): void {
    const buffers = new BufferList();
    const from = buffers.use(source, "read");
    const to = buffers.use(target, "write");
    const shape: Shape = [target.length];
    if (target.dtype === "f16" && source.dtype !== "f16") {
      const layout = (buffer: number, dtype: DType): Layout => ({ buffer, dtype, shape, strides: [1], offset: 0 });
      this.#push({ kind: "op", op: "packHalf", label: `cast ${formatShape(shape)} f16`, buffers: buffers.described, attributes: {}, inputs: [layout(from, source.dtype)], outputs: [layout(to, "f16")] }, buffers, []);
      return;
    }
    const type = registerType(target.dtype);
    this.#push(
      {
        kind: "loop",
        label: `copy ${formatShape(shape)} ${target.dtype}`,
        buffers: buffers.described,
        extents: [target.length],
        body: [{ op: "load", type, access: { buffer: from, offset: 0, strides: [1] } }],
        stores: [{ access: { buffer: to, offset: 0, strides: [1] }, value: 0 }],
      },
      buffers,
      [],
    );
  }

  /** Whether an output's kernel may write straight into a donated input: nobody reads the old elements later, or at another index. */
  #mayOverwrite(binding: number, output: Value, memory: Memory): boolean {
    const writer = this.#steps.findIndex((step) => step.memory.includes(memory));
    const keepsOld = this.#outputs.some((other) => other !== output && rootOf(other).leaf?.kind === "binding" && (rootOf(other).leaf as { index: number }).index === binding);
    if (writer < 0 || keepsOld) return false;
    for (let position = writer; position < this.#steps.length; position++) {
      const { kernel, memory: bound } = this.#steps[position]!;
      const buffer = bound.findIndex((candidate) => candidate.place?.kind === "binding" && candidate.place.index === binding);
      if (buffer < 0) continue;
      if (position > writer || kernel.kind !== "loop" || kernel.reduction) return false;
      const store = kernel.stores.find(({ access }) => bound[access.buffer] === memory)!;
      const same = kernel.body.every(
        (instruction) => instruction.op !== "load" || instruction.access.buffer !== buffer || (instruction.access.offset === store.access.offset && sameShape(instruction.access.strides, store.access.strides)),
      );
      if (!same) return false;
    }
    return true;
  }

  /** Whether a kernel that writes this memory touches more buffers than the device allows. */
  #writesTooMuch(memory: Memory | undefined): boolean {
    const most = this.#request.limits.maxBuffersPerKernel;
    return this.#steps.some((step) => memory && step.memory.length > most && step.memory.includes(memory) && withMergedBuffers(step).memory.length > most);
  }

  #assemble(): Program {
    const { limits, numInputs, numScalars, label, fuses } = this.#request;
    const kernels: Kernel[] = [];
    const kernelByText = new Map<string, number>();
    const merged = this.#steps.map(withMergedBuffers);
    const launches = fuses ? joinLoops(merged) : merged.map((step) => [step]);
    timeLives(launches);
    const scratch = [...new Set(merged.flatMap((step) => step.memory))].filter((memory) => memory.place === undefined);
    const { offsets, arenaBytes } = planMemory(
      scratch.map(({ dtype, length, first, last }) => ({ bytes: bytesOf(dtype) * length, first, last })),
      limits.offsetAlignment,
    );
    scratch.forEach((memory, position) => (memory.place = { kind: "arena", offsetBytes: offsets[position]! }));

    const buffers: ProgramBuffer[] = [];
    const bufferByKey = new Map<unknown, number>();
    const bufferOf = (memory: Memory): number => {
      const key = nameOf(memory);
      let position = bufferByKey.get(key);
      if (position === undefined) bufferByKey.set(key, (position = buffers.push({ dtype: memory.dtype, length: memory.length, place: memory.place! }) - 1));
      return position;
    };
    const stepOf = ({ kernel, memory, computed }: PlannedStep, place: number): Step => {
      const text = JSON.stringify(kernel);
      let position = kernelByText.get(text);
      if (position === undefined) kernelByText.set(text, (position = kernels.push(kernel) - 1));
      const ops = opsOf(computed);
      return { kernel: position, buffers: memory.map(bufferOf), ...(place > 0 && { joins: true }), ...(ops && { ops }) };
    };
    const steps = launches.flatMap((launch) => launch.map(stepOf));
    return { label, kernels, buffers, steps, arenaBytes, numBindings: numInputs + this.#results.length, numScalars };
  }
}

/** What a step computes, in the order of the graph; undefined while no sites are recorded. */
function opsOf(computed: readonly Value[]): StepOp[] | undefined {
  const known = [...new Set(computed)].filter(({ site, step }) => site !== undefined && !step).sort((a, b) => a.id - b.id);
  return known.length > 0 ? known.map(({ op, spec: { shape, dtype }, site }) => ({ name: op.name, shape, dtype, site: site! })) : undefined;
}

function rootOf(value: Value): Value {
  let root = value;
  while (root.step) root = root.inputs[0]!;
  return root;
}

/**
 * The value whose memory holds an output's elements in order: itself, or what it is a mere reshape of. Undefined for what was handed in, and
 * for half-float views, which loops cannot write.
 */
function ownerOf(output: Value): Value | undefined {
  if (output.leaf) return undefined;
  let owner = output;
  while (owner.step?.kind === "reshape") owner = owner.inputs[0]!;
  if (owner.leaf) owner = output;
  return owner.spec.dtype === "f16" && owner.step ? undefined : owner;
}

/** Scalars lie side by side. */
const wordOf = ({ leaf }: Value): number => (leaf?.kind === "scalar" ? leaf.word : 0);

const describe = (value: Value): string => `${formatShape(value.spec.shape)} ${value.spec.dtype}`;
