import { loopForm, type LoopForm, type LoopKernel } from "@multiway/tensor/device";
import { firstDataBinding, groupsOf, LaunchText, rowWords, tableHeader, wordOf } from "../loop/launch.ts";
import type { Range } from "../wgsl/binder.ts";
import type { Block } from "./memory.ts";
import type { Pipeline } from "./pipelines.ts";
import type { Host, Launch } from "./program.ts";
import { Regions } from "./regions.ts";

/** Where a row's buffer is: bytes of a GPUBuffer. */
export interface Located {
  gpu: GPUBuffer;
  range: Range;
}

/** One of the loops that run together. */
export interface Row {
  kernel: LoopKernel;
  /** By the kernel's buffers, for the bindings of this run. */
  locate: (bindings: readonly Block[]) => readonly Located[];
  /** The same by itself, for where it cannot share a dispatch. */
  launchAlone: (bindings: readonly Block[]) => readonly Launch[];
}

interface PlacedRow extends Row {
  form: LoopForm;
  groups: number;
  found: readonly Located[];
}

/** Rows that share a dispatch. */
interface Piece {
  rows: readonly PlacedRow[];
  regions: Regions;
  /** Where its table starts, in bytes. */
  tableOffset: number;
}

/** What a table's memory holds now: tables change with the memory that is handed in, and are written when they do. */
export interface TableMemory {
  gpu: GPUBuffer;
  words: Uint32Array | undefined;
}

const alignment = 256;
const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** Loops of one form that run together: one dispatch over a table, or two for reductions; several where bindings don't suffice. */
export class JoinedLaunch {
  /** Bytes that partial results of a reduction need. */
  readonly scratchBytes: number;
  private readonly rows: readonly Omit<PlacedRow, "found">[];
  private readonly kernel: LoopKernel;
  private readonly rowWords: number;
  private readonly numResults: number;
  private readonly table: TableMemory;
  private readonly tableBytes: number;
  private readonly pipelines = new Map<string, readonly Pipeline[]>();

  constructor(
    private readonly host: Host,
    rows: readonly Row[],
    private readonly partials: () => Located,
  ) {
    this.rows = rows.map((row) => ({ ...row, form: loopForm(row.kernel)! })).map((row) => ({ ...row, groups: groupsOf(row.kernel, row.form) })).filter(({ groups }) => groups > 0);
    const { kernel } = rows[0]!;
    this.kernel = kernel;
    this.rowWords = rowWords(loopForm(kernel)!);
    this.numResults = kernel.reduction?.results.length ?? 0;
    this.scratchBytes = 4 * this.numResults * this.rows.reduce((sum, { groups }) => sum + groups, 0);
    this.tableBytes = this.rows.length * align(this.bytesOfTable(1));
    this.table = { gpu: host.memory.own(Math.max(alignment, this.tableBytes), `${kernel.label} and others`).gpu, words: undefined };
  }

  /** Starts to compile what runs with these bindings will need. */
  compile(bindings: readonly Block[]): void {
    for (const piece of this.pieces(bindings)) if ("regions" in piece) this.pipelinesOf(piece);
  }

  launches(bindings: readonly Block[]): Launch[] {
    const words = new Uint32Array(this.tableBytes / 4);
    return this.pieces(bindings).flatMap((piece) => ("regions" in piece ? this.launchPiece(piece, words) : piece.launchAlone(bindings)));
  }

  release(): void {
    this.table.gpu.destroy();
  }

  private bytesOfTable(rows: number): number {
    return 4 * (tableHeader + rows * this.rowWords);
  }

  /** As many rows in one dispatch as its bindings can cover; the rows that one alone cannot. */
  private pieces(bindings: readonly Block[]): (Piece | PlacedRow)[] {
    const { maxStorageBuffers, maxBindingBytes, maxWorkgroupsPerDimension } = this.host.limits;
    const pieces: (Piece | PlacedRow)[] = [];
    let tableOffset = 0;
    let rows: PlacedRow[] = [];
    let groups = 0;
    const start = (): Regions => new Regions(maxStorageBuffers - firstDataBinding(this.kernel), maxBindingBytes);
    let regions = start();
    const close = (): void => {
      if (rows.length > 0) {
        pieces.push({ rows, regions, tableOffset });
        tableOffset += align(this.bytesOfTable(rows.length));
      }
      [rows, groups, regions] = [[], 0, start()];
    };
    for (const row of this.rows) {
      const placed = { ...row, found: row.locate(bindings) };
      const ranges = placed.found.map(({ range }) => range);
      const fits = (): boolean =>
        this.bytesOfTable(rows.length + 1) <= maxBindingBytes && 4 * this.numResults * (groups + row.groups) <= maxBindingBytes && rows.length < maxWorkgroupsPerDimension && regions.add(ranges);
      if (!fits()) {
        close();
        if (!fits()) {
          pieces.push(placed);
          continue;
        }
      }
      rows.push(placed);
      groups += row.groups;
    }
    close();
    return pieces;
  }

  private pipelinesOf({ rows, regions }: Piece): readonly Pipeline[] {
    const { kernel, form } = rows[0]!;
    const bindingsOf = form.accesses.map(({ buffer }) => [...new Set(rows.map(({ found }) => regions.find(found[buffer]!.range).region))].sort((a, b) => a - b));
    const pattern = `${regions.list.length} ${bindingsOf.map((bindings) => bindings.join()).join(" ")}`;
    let pipelines = this.pipelines.get(pattern);
    if (!pipelines) {
      const label = `${kernel.label} and others`;
      pipelines = new LaunchText(kernel, bindingsOf, regions.list.length).modules().map((wgsl) => this.host.pipelines.get(label, wgsl, firstDataBinding(kernel) + regions.list.length));
      this.pipelines.set(pattern, pipelines);
    }
    return pipelines;
  }

  private launchPiece(piece: Piece, words: Uint32Array): Launch[] {
    const { rows, regions, tableOffset } = piece;
    const groups = rows.reduce((sum, row) => sum + row.groups, 0);
    const { x, y } = this.host.fold(groups);
    this.writeTable(piece, words.subarray(tableOffset / 4), x, groups);
    const gpus = new Map(rows.flatMap(({ found }) => found.map(({ gpu, range }) => [range.memory, gpu])));
    const data = regions.list.map(({ memory, start, end }) => ({ buffer: gpus.get(memory)!, offset: start, size: end - start }));
    const partials = this.numResults === 0 ? [] : [this.partials()].map(({ gpu, range }) => ({ buffer: gpu, offset: range.offset, size: 4 * this.numResults * groups }));
    const resources = [{ buffer: this.table.gpu, offset: tableOffset, size: this.bytesOfTable(rows.length) }, ...partials, ...data];
    return this.pipelinesOf(piece).map((pipeline, stage): Launch => {
      const group = this.host.device.createBindGroup({ label: pipeline.label, layout: pipeline.layout, entries: resources.map((resource, binding) => ({ binding, resource })) });
      return { pipeline, group, table: { memory: this.table, words }, ...(stage === 0 ? { x, y } : { x: rows.length, y: 1 }) };
    });
  }

  private writeTable({ rows, regions }: Piece, words: Uint32Array, workgroupsInX: number, groups: number): void {
    words.set([rows.length, workgroupsInX, groups]);
    let at = tableHeader;
    let firstGroup = 0;
    for (const { form, found, groups: own } of rows) {
      words.set([firstGroup, form.extent, ...form.constants.map(wordOf)], at);
      at += 2 + form.constants.length;
      for (const { buffer, offset, stride } of form.accesses) {
        const place = regions.find(found[buffer]!.range);
        words.set([place.region, place.offset / 4 + offset, stride], at);
        at += 3;
      }
      firstGroup += own;
    }
  }
}
