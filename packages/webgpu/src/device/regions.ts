import type { Range } from "../wgsl/binder.ts";

/** A run of bytes of one GPUBuffer that one binding covers. */
export interface Region {
  readonly memory: number;
  start: number;
  end: number;
}

/** Few bindings that cover many ranges: neighbours in one GPUBuffer share one, up to the largest binding. */
export class Regions {
  list: readonly Region[] = [];

  constructor(
    private readonly maxRegions: number,
    private readonly maxBytes: number,
  ) {}

  /** Covers some ranges more, or nothing more where bindings don't suffice. */
  add(ranges: readonly Range[]): boolean {
    let list: readonly Region[] | undefined = this.list;
    for (const { memory, offset, size } of ranges) list = list && this.with(list, { memory, start: offset, end: offset + size });
    if (!list || list.length > this.maxRegions) return false;
    this.list = list;
    return true;
  }

  /** Which region covers a range, and where in it the range starts, in bytes. */
  find({ memory, offset, size }: Range): { region: number; offset: number } {
    const region = this.list.findIndex((candidate) => candidate.memory === memory && candidate.start <= offset && offset + size <= candidate.end);
    return { region, offset: offset - this.list[region]!.start };
  }

  private with(list: readonly Region[], range: Region): readonly Region[] | undefined {
    let best = -1;
    let joined = range;
    list.forEach((region, index) => {
      if (region.memory !== range.memory) return;
      const union = { memory: range.memory, start: Math.min(region.start, range.start), end: Math.max(region.end, range.end) };
      if (best < 0 || union.end - union.start < joined.end - joined.start) [best, joined] = [index, union];
    });
    if (joined.end - joined.start > this.maxBytes) [best, joined] = [-1, range];
    if (joined.end - joined.start > this.maxBytes) return undefined;
    const rest = list.filter((_, index) => index !== best);
    // Writable bindings of one buffer may not overlap.
    const clash = rest.findIndex(({ memory, start, end }) => memory === joined.memory && start < joined.end && joined.start < end);
    if (clash < 0) return best < 0 ? [...list, joined] : list.map((region, index) => (index === best ? joined : region));
    const other = rest[clash]!;
    const union = { memory: joined.memory, start: Math.min(other.start, joined.start), end: Math.max(other.end, joined.end) };
    return union.end - union.start > this.maxBytes ? undefined : this.with(rest.filter((_, index) => index !== clash), union);
  }
}
