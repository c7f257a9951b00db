import type { BufferReference, Stage, View } from "../wgsl/stage.ts";

export interface BitonicSort {
  label: string;
  rows: number;
  length: number;
  /** What `key` reads. */
  views: readonly View[];
  declarations?: string;
  /** The key (u32) of element `i` of row `row`; equal keys keep their order. */
  key: string;
  /** What `finish` touches. */
  outputs: readonly View[];
  /** Statements for place `i` of row `row`, given the `key` that came there and its old `position`. */
  finish: string;
  /** Two scratch buffers of {@link bitonicScratchBytes} each. */
  scratch: readonly [BufferReference, BufferReference];
  maxWorkgroupBytes: number;
}

const padded = (length: number): number => 2 ** Math.ceil(Math.log2(Math.max(length, 2)));

/** Pairs of key and position that fit workgroup memory. */
const tileOf = (length: number, maxWorkgroupBytes: number): number => Math.min(padded(length), 2 ** Math.floor(Math.log2(maxWorkgroupBytes / 8)), 2048);

export const bitonicScratchBytes = (rows: number, length: number): number => 4 * rows * padded(length);

/** Order of pairs; positions differ, so no two are equal, and what a network swaps cannot matter. */
const before = `
fn before(key_a: u32, position_a: u32, key_b: u32, position_b: u32) -> bool {
  return key_a < key_b || (key_a == key_b && position_a < position_b);
}`;

/**
 * A bitonic network over rows padded to a power of two. Steps within a tile run in workgroup memory, several in one dispatch; those across
 * tiles take a dispatch each. Short rows need one dispatch in all.
 */
export function bitonicStages(sort: BitonicSort): Stage[] {
  const { rows, length } = sort;
  const size = padded(length);
  const tile = tileOf(length, sort.maxWorkgroupBytes);
  const keys: View = { name: "keys", buffer: sort.scratch[0], element: "u32", access: "readwrite" };
  const positions: View = { name: "positions", buffer: sort.scratch[1], element: "u32", access: "readwrite" };
  const threads = Math.min(256, tile / 2);
  const tiles = size / tile;

  /** Steps of the network for spans from `from` to `to` whose partners share a tile. */
  const inTile = (label: string, from: number, to: number, first: boolean, last: boolean): Stage => ({
    label,
    views: [...(first ? sort.views : []), ...(first && last ? [] : [keys, positions]), ...(last ? sort.outputs : [])],
    workgroupSize: threads,
    workgroups: rows * tiles,
    declarations: `${first ? sort.declarations ?? "" : ""}${before}
var<workgroup> tile_keys: array<u32, ${tile}>;
var<workgroup> tile_positions: array<u32, ${tile}>;`,
    body: `
  let row = group / ${tiles}u;
  let tile_start = (group % ${tiles}u) * ${tile}u;
  for (var place = lane; place < ${tile}u; place += ${threads}u) {
    let i = tile_start + place;
${
  first
    ? `    var key = 0xffffffffu;
    if (i < ${length}u) { key = ${sort.key}; }
    tile_keys[place] = key;
    tile_positions[place] = i;`
    : `    tile_keys[place] = load_keys(row * ${size}u + i);
    tile_positions[place] = load_positions(row * ${size}u + i);`
}
  }
  workgroupBarrier();
  for (var span = ${from}u; span <= ${to}u; span <<= 1u) {
    for (var distance = min(span, ${tile}u) >> 1u; distance > 0u; distance >>= 1u) {
      for (var pair = lane; pair < ${tile / 2}u; pair += ${threads}u) {
        let a = 2u * pair - (pair & (distance - 1u));
        let b = a + distance;
        let ascending = ((tile_start + a) & span) == 0u;
        let key_a = tile_keys[a];
        let key_b = tile_keys[b];
        let position_a = tile_positions[a];
        let position_b = tile_positions[b];
        if (before(key_b, position_b, key_a, position_a) == ascending) {
          tile_keys[a] = key_b;
          tile_keys[b] = key_a;
          tile_positions[a] = position_b;
          tile_positions[b] = position_a;
        }
      }
      workgroupBarrier();
    }
  }
  for (var place = lane; place < ${tile}u; place += ${threads}u) {
    let i = tile_start + place;
    let key = tile_keys[place];
    let position = tile_positions[place];
${last ? `    if (i < ${length}u) {\n${sort.finish}\n    }` : `    store_keys(row * ${size}u + i, key);\n    store_positions(row * ${size}u + i, position);`}
  }`,
  });

  if (tile === size) return [inTile(`${sort.label} bitonic`, 2, size, true, true)];
  const stages = [inTile(`${sort.label} bitonic tiles`, 2, tile, true, false)];
  for (let span = 2 * tile; span <= size; span *= 2) {
    for (let distance = span / 2; distance >= tile; distance /= 2) {
      const pairs = (rows * size) / 2;
      stages.push({
        label: `${sort.label} bitonic ${span}/${distance}`,
        views: [keys, positions],
        workgroupSize: 256,
        workgroups: Math.ceil(pairs / 256),
        declarations: before,
        body: `
  let pair = group * 256u + lane;
  if (pair >= ${pairs}u) { return; }
  // Rows are whole powers of two, so pairs of all rows can be counted through.
  let a = 2u * pair - (pair & ${distance - 1}u);
  let b = a + ${distance}u;
  let key_a = load_keys(a);
  let key_b = load_keys(b);
  let position_a = load_positions(a);
  let position_b = load_positions(b);
  let ascending = ((a & ${size - 1}u) & ${span}u) == 0u;
  if (before(key_b, position_b, key_a, position_a) == ascending) {
    store_keys(a, key_b);
    store_keys(b, key_a);
    store_positions(a, position_b);
    store_positions(b, position_a);
  }`,
      });
    }
    stages.push(inTile(`${sort.label} bitonic ${span} in tiles`, span, span, false, span === size));
  }
  return stages;
}
