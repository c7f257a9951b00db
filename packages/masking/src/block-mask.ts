import { OptionError } from "@multiway/errors";
import type { Draws } from "./draws.ts";

export interface BlockMaskOptions {
  /** Patches in a column of the grid. */
  rows: number;
  /** Patches in a row of the grid. */
  columns: number;
  /** Exactly so many patches are masked. BEiT-3: 40 %. */
  count: number;
  /** Smallest area of a block, patches. BEiT v2's recipes: 16. */
  minBlock?: number;
  /** Largest area of a block. Default: `count`. */
  maxBlock?: number;
  /** Height over width of a block is at least this and at most its inverse. Default 0.3. */
  minAspect?: number;
}

/** Tries per block before masking gives up on blocks. */
const maxTries = 10;

/**
 * Which patches to hide: rectangles of random place, area and aspect until `count` patches are hidden; what blocks leave over is filled singly.
 *
 * Source: BEiT (Bao et al. 2021, algorithm 1) with the exact count of BEiT v2 (microsoft/unilm: beit2/masking_generator.py).
 *
 * @returns row-major, 1 for masked; length rows · columns
 */
export function blockMask(options: BlockMaskOptions, draws: Draws): Uint8Array {
  const { rows, columns, count, minBlock = 4, maxBlock = count, minAspect = 0.3 } = options;
  if (!(Number.isInteger(count) && count >= 0 && count <= rows * columns)) {
    throw new OptionError(`blockMask: count is ${count} on a grid of ${rows} × ${columns}; expected 0 to ${rows * columns}.`, { details: { ...options } });
  }
  const mask = new Uint8Array(rows * columns);
  let masked = 0;
  while (masked < count) {
    const added = addBlock(mask, { rows, columns, cap: Math.min(count - masked, maxBlock), minBlock, minAspect }, draws);
    if (added === 0) break;
    masked += added;
  }
  const free = [...mask.keys()].filter((patch) => mask[patch] === 0);
  if (masked < count) for (const position of draws.choice(count - masked, free.length)) mask[free[position]!] = 1;
  return mask;
}

/** Hides one rectangle of at most `cap` fresh patches; 0 when no try fits. */
function addBlock(mask: Uint8Array, { rows, columns, cap, minBlock, minAspect }: { rows: number; columns: number; cap: number; minBlock: number; minAspect: number }, draws: Draws): number {
  for (let attempt = 0; attempt < maxTries; attempt++) {
    const area = draws.uniform(minBlock, cap);
    const aspect = Math.exp(draws.uniform(Math.log(minAspect), Math.log(1 / minAspect)));
    const height = roundHalfToEven(Math.sqrt(area * aspect));
    const width = roundHalfToEven(Math.sqrt(area / aspect));
    if (width >= columns || height >= rows) continue;
    const top = draws.integer(0, rows - height);
    const left = draws.integer(0, columns - width);
    const fresh: number[] = [];
    for (let row = top; row < top + height; row++) {
      for (let column = left; column < left + width; column++) if (mask[row * columns + column] === 0) fresh.push(row * columns + column);
    }
    if (fresh.length === 0 || fresh.length > cap) continue;
    for (const patch of fresh) mask[patch] = 1;
    return fresh.length;
  }
  return 0;
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
