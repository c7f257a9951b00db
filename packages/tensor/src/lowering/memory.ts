/** One value's stay in scratch memory: from the step that writes it to the last step that reads it, both included. */
export interface Lifetime {
  bytes: number;
  first: number;
  last: number;
}

/**
 * Places lifetimes in one arena so that no two that overlap in time overlap in space.
 *
 * Walks the steps in order and takes the smallest free gap that fits (best fit), splitting and joining gaps.
 *
 * @returns byte offsets, in the order of `lifetimes`, and the arena's size
 */
export function planMemory(lifetimes: readonly Lifetime[], alignment: number): { offsets: number[]; arenaBytes: number } {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const sizeOf = (position: number) => Math.max(alignment, Math.ceil(lifetimes[position]!.bytes / alignment) * alignment);
  const byStart = lifetimes.map((_, position) => position).sort((a, b) => lifetimes[a]!.first - lifetimes[b]!.first || sizeOf(b) - sizeOf(a));
  const byEnd = [...byStart].sort((a, b) => lifetimes[a]!.last - lifetimes[b]!.last);
  let gaps: { from: number; to: number }[] = [];
  let arenaBytes = 0;
  let ended = 0;
  for (const position of byStart) {
    const { first } = lifetimes[position]!;
    for (; ended < byEnd.length && lifetimes[byEnd[ended]!]!.last < first; ended++) {
      const offset = offsets[byEnd[ended]!]!;
      gaps = release(gaps, offset, offset + sizeOf(byEnd[ended]!));
    }
    const size = sizeOf(position);
    let best = -1;
    gaps.forEach((gap, index) => {
      const length = gap.to - gap.from;
      if (length >= size && (best < 0 || length < gaps[best]!.to - gaps[best]!.from)) best = index;
    });
    if (best >= 0) {
      offsets[position] = gaps[best]!.from;
      gaps[best]!.from += size;
      if (gaps[best]!.from === gaps[best]!.to) gaps.splice(best, 1);
    } else {
      // A gap at the arena's end grows rather than being left behind.
      const tail = gaps[gaps.length - 1];
      const from = tail?.to === arenaBytes ? gaps.pop()!.from : arenaBytes;
      offsets[position] = from;
      arenaBytes = from + size;
    }
  }
  return { offsets, arenaBytes };
}

/** Gaps sorted by place, with one more; neighbours are joined. */
function release(gaps: { from: number; to: number }[], from: number, to: number): { from: number; to: number }[] {
  const result: { from: number; to: number }[] = [];
  for (const gap of [...gaps, { from, to }].sort((a, b) => a.from - b.from)) {
    const last = result[result.length - 1];
    if (last && last.to === gap.from) last.to = gap.to;
    else result.push(gap);
  }
  return result;
}
