import { InternalError, KernelError, MultiwayError } from "@multiway/errors";
import { bytesOf, launchesOf, type HostArray, type LoadedProgram, type LoopKernel, type Program, type Step } from "@multiway/tensor/device";
import { planKernel } from "../kernels/plan.ts";
import type { Window } from "../loop/pieces.ts";
import { bindingText, chunkOf, layoutBindings, type Range } from "../wgsl/binder.ts";
import { stageModule } from "../wgsl/module.ts";
import type { Plan, PlanLimits, Stage } from "../wgsl/stage.ts";
import type { Arena } from "./arena.ts";
import type { JoinedLaunch, Located, TableMemory } from "./joined.ts";
import type { Block, Memory } from "./memory.ts";
import type { Pipeline, Pipelines } from "./pipelines.ts";
import { Recent } from "./recent.ts";

export interface ProgramLimits extends PlanLimits {
  maxBindingBytes: number;
  maxWorkgroupsPerDimension: number;
}

/** What programs share. */
export interface Host {
  device: GPUDevice;
  memory: Memory;
  arena: Arena;
  pipelines: Pipelines;
  limits: ProgramLimits;
  /** So many workgroups in two dimensions. */
  fold: (workgroups: number) => { x: number; y: number };
  upload: (block: Block, data: HostArray) => void;
}

/** One dispatch, ready to be encoded. */
export interface Launch {
  pipeline: Pipeline;
  group: GPUBindGroup;
  x: number;
  y: number;
  /** What must be in its table when it starts. */
  table?: { memory: TableMemory; words: Uint32Array };
}

/** Where a view's buffer is: a program buffer or a part of one, or bytes of the arena behind the program's own. */
type Location = { buffer: number; window?: Window } | { scratchOffset: number; size: number };

/** Loops that run together. */
interface Joined {
  joined: JoinedLaunch;
  bindings: readonly number[];
  groups: Recent<string, readonly Launch[]>;
}

/** A stage of a step, with its views resolved to the program's buffers. */
interface Dispatch {
  stage: Stage;
  x: number;
  y: number;
  locations: readonly Location[];
  /** Positions among the run's bindings that its bind group depends on; none for one whose group never changes. */
  bindings: readonly number[];
  groups: Recent<string, Launch>;
}

/** Training loops with donated state alternate between few sets of buffers. */
const recentSets = 16;

/** Bytes to bind: whole words, and for an empty tensor as much as one element of any kind, a vec4, since bindings may not be empty. */
const sizeOf = (bytes: number): number => (bytes === 0 ? 16 : Math.ceil(bytes / 4) * 4);

export class GpuProgram implements LoadedProgram {
  readonly label: string;
  /** Why the program can't run: a kernel that can't be planned, or memory that can't be had. Told when it is run. */
  failure: MultiwayError | undefined;
  /** Resolves, never rejects, when the program can run, or has its failure. */
  readonly prepared: Promise<void>;
  isPrepared = false;
  private readonly dispatches: (Dispatch | Joined)[] = [];
  private readonly constants = new Map<number, Block>();
  scalars: Block | undefined;
  private readonly sets = new Recent<string, readonly Launch[]>(recentSets);
  private arenaNumber = 0;
  private readonly variants = new Map<Stage, Map<string, Pipeline>>();

  constructor(
    readonly id: number,
    private readonly host: Host,
    private readonly program: Program,
    /** What has to be done before it is planned. */
    before?: Promise<void>,
  ) {
    this.label = program.label;
    this.prepared = (before ? before.then(() => this.prepare()) : this.prepare())
      .catch((error: unknown) => void (this.failure = MultiwayError.isInstance(error) ? error : new KernelError(`webgpu: program "${program.label}" can't be prepared: ${String(error)}`, { cause: error })))
      .then(() => void (this.isPrepared = true));
  }

  private async prepare(): Promise<void> {
    const { program, host } = this;
    const plans = await Promise.all(program.kernels.map((kernel) => planKernel(kernel, host.limits)));
    const scratchStart = Math.ceil(program.arenaBytes / 256) * 256;
    let arenaBytes = program.arenaBytes;
    const reserve = (end: number): void => void (arenaBytes = end > scratchStart ? Math.max(arenaBytes, end) : arenaBytes);
    const launches = launchesOf(program);
    // Pages whose programs join nothing do without.
    const joining = launches.some(({ length }) => length > 1) ? await import("./joined.ts") : undefined;
    for (const launch of launches) {
      const alone: (readonly Dispatch[])[] = [];
      for (const step of launch) alone.push((await this.planInPieces(step)) ?? this.planStep(step, plans[step.kernel]!, scratchStart, reserve));
      if (launch.length === 1) this.dispatches.push(...alone[0]!);
      else this.dispatches.push(this.join(joining!.JoinedLaunch, launch, alone, scratchStart, reserve));
    }
    if (arenaBytes > 0) host.arena.reserve(arenaBytes);
    program.buffers.forEach(({ place, dtype, length }, index) => {
      if (place.kind !== "constant") return;
      const block = host.memory.take(length * bytesOf(dtype), "multiway constant");
      host.upload(block, place.data);
      this.constants.set(index, block);
    });
    if (program.numScalars > 0) this.scalars = host.memory.take(program.numScalars * 4, "multiway scalars");
    // Compiling starts now, for buffers that don't overlap; a run with others compiles what differs.
    const apart = Array.from({ length: program.numBindings }, (_, index): Block => ({ id: -1 - index, gpu: undefined as never, memory: -1 - index, offset: 0, capacity: Infinity }));
    // Those of many tensors lie in one buffer, as they do until there are too many.
    const together = apart.map((block): Block => ({ ...block, memory: -1 }));
    for (const dispatch of this.dispatches) {
      if ("joined" in dispatch) dispatch.joined.compile(together);
      else this.pipeline(dispatch, dispatch.locations.map((location) => this.range(location, apart).range));
    }
  }

  /** A pointwise loop over buffers that take more bindings than there are, in parts, one after the other. */
  private async planInPieces({ kernel, buffers }: Step): Promise<Dispatch[] | undefined> {
    const loop = this.program.kernels[kernel]!;
    const { maxBindingBytes, maxStorageBuffers } = this.host.limits;
    const sizes = buffers.map((buffer) => this.bytesOf(buffer));
    // No kernel has more buffers than there are bindings.
    if (loop.kind !== "loop" || sizes.every((size) => size <= maxBindingBytes)) return undefined;
    const { planPieces } = await import("../loop/pieces.ts");
    return planPieces(loop, sizes, { chunkBytes: chunkOf(maxBindingBytes), maxStorageBuffers })?.flatMap(({ plan, windows }) => this.dispatchesOf(buffers, plan, [], windows));
  }

  private planStep(step: Step, plan: Plan, scratchStart: number, reserve: (end: number) => void): Dispatch[] {
    const offsets: number[] = [];
    let end = scratchStart;
    for (const bytes of plan.scratchBytes) {
      offsets.push(end);
      end += Math.ceil(sizeOf(bytes) / 256) * 256;
    }
    reserve(end);
    return this.dispatchesOf(step.buffers, plan, offsets);
  }

  /** @param windows  by the step's buffers, for one that touches parts of them */
  private dispatchesOf(stepBuffers: readonly number[], plan: Plan, scratchOffsets: readonly number[], windows?: readonly Window[]): Dispatch[] {
    const { program, host } = this;
    const locationOf = (buffer: number): Location => ({ buffer: stepBuffers[buffer]!, ...(windows && { window: windows[buffer]! }) });
    return plan.stages
      .filter(({ workgroups }) => workgroups > 0)
      .map((stage): Dispatch => {
        const locations = stage.views.map(({ buffer }): Location => ("kernel" in buffer ? locationOf(buffer.kernel) : { scratchOffset: scratchOffsets[buffer.scratch]!, size: sizeOf(plan.scratchBytes[buffer.scratch]!) }));
        const bindings = bindingsOf(program, locations.flatMap((location) => ("buffer" in location ? [location.buffer] : [])));
        return { stage, ...host.fold(stage.workgroups), locations, bindings, groups: new Recent(bindings.length === 0 ? 1 : recentSets) };
      });
  }

  private join(Launches: typeof JoinedLaunch, launch: readonly Step[], alone: readonly (readonly Dispatch[])[], scratchStart: number, reserve: (end: number) => void): Joined {
    const { program, host } = this;
    const rows = launch.map((step, position) => ({
      kernel: program.kernels[step.kernel] as LoopKernel,
      locate: (blocks: readonly Block[]) => step.buffers.map((buffer) => this.range({ buffer }, blocks)),
      launchAlone: (blocks: readonly Block[]) => alone[position]!.map((dispatch) => this.launch(dispatch, blocks)),
    }));
    const joined: JoinedLaunch = new Launches(host, rows, () => this.range({ scratchOffset: scratchStart, size: joined.scratchBytes }, []));
    reserve(scratchStart + joined.scratchBytes);
    const bindings = bindingsOf(program, launch.flatMap(({ buffers }) => buffers));
    return { joined, bindings, groups: new Recent(bindings.length === 0 ? 1 : recentSets) };
  }

  get numBindings(): number {
    return this.program.numBindings;
  }

  get numScalars(): number {
    return this.program.numScalars;
  }

  /** The launches for these buffers: made once for a set of buffers that comes again. */
  launches(bindings: readonly Block[]): readonly Launch[] {
    if (this.arenaNumber !== this.host.arena.memoryNumber) {
      this.arenaNumber = this.host.arena.memoryNumber;
      this.sets.clear();
      for (const { groups } of this.dispatches) groups.clear();
    }
    let key = "";
    for (const block of bindings) key += `${block.id},`;
    return this.sets.get(key, () =>
      this.dispatches.flatMap((dispatch) => {
        if (!("joined" in dispatch)) return [this.launch(dispatch, bindings)];
        return dispatch.groups.get(keyOf(dispatch.bindings, bindings), () => dispatch.joined.launches(bindings));
      }),
    );
  }

  /** The first failure among launches that are compiled, or what to wait for. */
  static whenCompiled(launches: readonly Launch[]): { error?: MultiwayError; pending: Promise<void>[] } {
    const pending: Promise<void>[] = [];
    for (const { pipeline } of launches) {
      if (pipeline.error) return { error: pipeline.error, pending: [] };
      if (!pipeline.pipeline) pending.push(pipeline.ready);
    }
    return { pending };
  }

  release(): void {
    for (const block of this.constants.values()) this.host.memory.give(block);
    if (this.scalars) this.host.memory.give(this.scalars);
    for (const dispatch of this.dispatches) if ("joined" in dispatch) dispatch.joined.release();
    this.sets.clear();
  }

  private launch(dispatch: Dispatch, bindings: readonly Block[]): Launch {
    return dispatch.groups.get(keyOf(dispatch.bindings, bindings), () => {
      const found = dispatch.locations.map((location) => this.range(location, bindings));
      const buffers = new Map(found.map(({ gpu, range }) => [range.memory, gpu]));
      const { pipeline, entries } = this.pipeline(dispatch, found.map(({ range }) => range));
      const group = this.host.device.createBindGroup({
        label: dispatch.stage.label,
        layout: pipeline.layout,
        entries: entries.map(({ memory, offset, size }, binding) => ({ binding, resource: { buffer: buffers.get(memory)!, offset, size } })),
      });
      return { pipeline, group, x: dispatch.x, y: dispatch.y };
    });
  }

  private pipeline({ stage, x, y }: Dispatch, ranges: readonly Range[]): { pipeline: Pipeline; entries: readonly Range[] } {
    const layout = layoutBindings(ranges, this.host.limits.maxBindingBytes);
    let variants = this.variants.get(stage);
    if (!variants) this.variants.set(stage, (variants = new Map()));
    let pipeline = variants.get(layout.pattern);
    if (!pipeline) {
      const wgsl = stageModule(stage, bindingText(stage.label, stage.views, ranges, layout, this.host.limits.maxStorageBuffers), { x, y });
      pipeline = this.host.pipelines.get(stage.label, wgsl, layout.entries.length);
      variants.set(layout.pattern, pipeline);
    }
    return { pipeline, entries: layout.entries };
  }

  private range(location: Location, bindings: readonly Block[]): Located {
    const { arena } = this.host;
    if (!("buffer" in location)) return { gpu: arena.buffer, range: { memory: arena.memoryNumber, offset: location.scratchOffset, size: location.size } };
    const { place } = this.program.buffers[location.buffer]!;
    const size = this.bytesOf(location.buffer);
    const { offset: before, size: bound } = location.window ?? { offset: 0, size };
    if (place.kind === "arena") return { gpu: arena.buffer, range: { memory: arena.memoryNumber, offset: place.offsetBytes + before, size: sizeOf(bound) } };
    const block = place.kind === "binding" ? bindings[place.index] : place.kind === "constant" ? this.constants.get(location.buffer) : this.scalars;
    if (!block || block.capacity < size) {
      throw new InternalError(`webgpu: program "${this.label}" was given ${block?.capacity} of ${size} bytes.`);
    }
    return { gpu: block.gpu, range: { memory: block.memory, offset: block.offset + before, size: sizeOf(bound) } };
  }

  /** Bytes that are bound for all of a program buffer. */
  private bytesOf(buffer: number): number {
    const { place, dtype, length } = this.program.buffers[buffer]!;
    return sizeOf(place.kind === "scalars" ? this.program.numScalars * 4 : length * bytesOf(dtype));
  }
}

const keyOf = (indices: readonly number[], blocks: readonly Block[]): string => indices.map((index) => blocks[index]!.id).join();

/** Positions among a run's bindings of what some of the program's buffers are. */
function bindingsOf({ buffers }: Program, used: readonly number[]): number[] {
  return [...new Set(used.flatMap((buffer) => {
    const { place } = buffers[buffer]!;
    return place.kind === "binding" ? [place.index] : [];
  }))];
}
