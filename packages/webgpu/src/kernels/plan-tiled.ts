import { sizeOf, type OpKernel } from "@multiway/tensor/device";
import type { Plan, PlanLimits, Stage, View } from "../wgsl/stage.ts";
import { operandText } from "./matmul-operand.ts";
import { batchIndices, epilogueText, operandsOf, resultViews, sizesOf, storeElement, storeFour, type EpilogueText } from "./matmul-parts.ts";
import { shapeClass, splitsByShape, tileByShape, tileCount, tileDepth, tiles } from "./matmul-tiles.ts";
import { nothing, reads } from "./op-kernel.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Of both kernels in tiles, which differ in how products are computed. */
export async function planTiled(kernel: OpKernel, limits: PlanLimits, arithmetic: "f32" | "f16"): Promise<Plan> {
  const { batch, m, k, n } = sizesOf(kernel);
  const [a, b] = operandsOf(kernel);
  const total = sizeOf(batch) * m * n;
  if (total === 0) return nothing;
  const name = limits.tileOf?.(shapeClass(kernel)) ?? tileByShape(kernel);
  const tile = tiles[name];
  const splits = splitsByShape(kernel);
  const threadsX = tile.columns / tile.columnsEach;
  const threadsY = tile.rows / tile.rowsEach;
  const threads = threadsX * threadsY;
  const tilesN = Math.ceil(n / tile.columns);
  const perBatch = Math.ceil(m / tile.rows) * tilesN;
  const workgroups = tileCount(kernel, tile);
  const { lines, names } = batchIndices(batch);
  const wide = n % 4 === 0;
  const finish = splits === 1 ? await epilogueText(kernel, wide) : undefined;
  const store = `vec4<${arithmetic}>` as const;
  const write = (tile: string, rowFours: number) => (row: string, four: string, value: string): string => `${tile}[${row} * ${rowFours}u + ${four}] = ${arithmetic === "f16" ? `${store}(${value})` : value};`;
  const common = { threads, batch: names, depth: tileDepth };
  const aText = operandText({ ...common, write: write("a_tile", tileDepth / 4), name: "a", layout: a, major: tile.rows, minor: tileDepth, depthIs: "minor", start: "row0" }, k);
  const bText = operandText({ ...common, write: write("b_tile", tile.columns / 4), name: "b", layout: b, major: tileDepth, minor: tile.columns, depthIs: "major", start: "column0" }, k);
  // Pieces are whole steps, so that only the last can end inside one.
  const piece = tileDepth * Math.ceil(k / tileDepth / splits);
  const [rows, fours] = [range(tile.rowsEach), range(tile.columnsEach / 4)];

  const multiply = rows.flatMap((i) => [
    `let a${i} = a_tile[(ty + ${i * threadsY}u) * ${tileDepth / 4}u + q];`,
    ...fours.flatMap((j) => ["x", "y", "z", "w"].map((part, r) => `${arithmetic === "f16" ? "h" : "c"}${i}_${j} += a${i}.${part} * b${r}_${j};`)),
  ]);
  const sums = (prefix: string, type: string): string[] => rows.map((i) => fours.map((j) => `var ${prefix}${i}_${j} = ${type}();`).join(" "));
  const addHalves = rows.map((i) => fours.map((j) => `c${i}_${j} += vec4<f32>(h${i}_${j});`).join(" "));
  const stores = rows.map((i) => {
    const row = `row0 + ty + ${i * threadsY}u`;
    const each = fours.map((j) => {
      const column = `column0 + 4u * (tx + ${j * threadsX}u)`;
      const inside = n % tile.columns === 0 ? "" : `${column} < ${n}u`;
      const value = `c${i}_${j}`;
      const one = (q: number): string => storeResult(finish, splits, [...names, row, `${column} + ${q}u`], { total, m, n, value: `${value}[${q}]` });
      const text = wide ? storeResult(finish, splits, [...names, row, column], { total, m, n, value, four: true }) : range(4).map((q) => `if (${column} + ${q}u < ${n}u) { ${one(q)} }`).join(" ");
      return wide && inside ? `if (${inside}) { ${text} }` : text;
    });
    return m % tile.rows === 0 ? each.join("\n  ") : `if (${row} < ${m}u) {\n    ${each.join("\n    ")}\n  }`;
  });
  const partials: View = { name: "partials", buffer: { scratch: 0 }, element: "f32", width: wide ? 4 : 1, access: "write" };
  const indent = (text: readonly string[], by: string): string => text.map((line) => by + line).join("\n");
  const split = splits === 1 ? "" : `\n  let split = group / ${workgroups}u;`;
  const [first, last] = splits === 1 ? ["0u", `${k}u`] : [`split * ${piece}u`, `min((split + 1u) * ${piece}u, ${k}u)`];
  const stage: Stage = {
    label: `${kernel.label} ${arithmetic === "f16" ? "matmulTiledHalf" : "matmulTiled"} ${name}${splits > 1 ? `, k in ${splits}` : ""}`,
    views: [reads("a", a, aText.width), reads("b", b, bText.width), ...(splits === 1 ? resultViews(kernel, finish, wide ? 4 : 1) : [partials])],
    workgroupSize: threads,
    workgroups: workgroups * splits,
    ...(arithmetic === "f16" && { directives: ["enable f16;"] }),
    declarations: `${finish?.declarations ?? ""}
var<workgroup> a_tile: array<${store}, ${(tile.rows * tileDepth) / 4}>;
var<workgroup> b_tile: array<${store}, ${(tile.columns * tileDepth) / 4}>;`,
    body: `${split}
  let batch = ${splits === 1 ? "group" : `(group % ${workgroups}u)`} / ${perBatch}u;
  let tile = group % ${perBatch}u;
  ${lines}
  let row0 = (tile / ${tilesN}u) * ${tile.rows}u;
  let column0 = (tile % ${tilesN}u) * ${tile.columns}u;
  let ty = lane / ${threadsX}u;
  let tx = lane % ${threadsX}u;
${indent([...aText.prepare, ...bText.prepare], "  ")}
${indent(sums("c", "vec4<f32>"), "  ")}
  let first = ${first};
  let last = ${last};
  var depth = first;
${indent([...aText.fetch, ...bText.fetch], "  ")}
  while (depth < last) {
${indent([...aText.put, ...bText.put], "    ")}
    workgroupBarrier();
    depth += ${tileDepth}u;
    if (depth < last) {
${indent([...aText.fetch, ...bText.fetch], "      ")}
    }
${arithmetic === "f16" ? `${indent(sums("h", "vec4<f16>"), "    ")}\n` : ""}    for (var q = 0u; q < ${tileDepth / 4}u; q++) {
${indent(range(4).map((r) => fours.map((j) => `let b${r}_${j} = b_tile[(4u * q + ${r}u) * ${tile.columns / 4}u + tx + ${j * threadsX}u];`).join(" ")), "      ")}
${indent(multiply, "      ")}
    }
${arithmetic === "f16" ? `${indent(addHalves, "    ")}\n` : ""}    workgroupBarrier();
  }
${indent(stores, "  ")}`,
  };
  if (splits === 1) return { scratchBytes: [], stages: [stage] };
  return { scratchBytes: [4 * splits * total], stages: [stage, await (await import("./join-splits.ts")).joinSplits(kernel, splits)] };
}

interface Stored {
  total: number;
  m: number;
  n: number;
  value: string;
  four?: boolean;
}

/** Into the result, or a split's own part of the scratch memory. */
function storeResult(finish: EpilogueText | undefined, splits: number, indices: readonly string[], { total, m, n, value, four = false }: Stored): string {
  const [row, column] = indices.slice(-2) as [string, string];
  const index = `(batch * ${m}u + ${row}) * ${n}u + ${column}`;
  if (splits === 1) return four ? storeFour(finish, indices, index, value) : storeElement(finish, indices, index, value);
  return four ? `store_partials((split * ${total}u + ${index}) >> 2u, ${value});` : `store_partials(split * ${total}u + ${index}, ${value});`;
}
