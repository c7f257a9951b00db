import { sizeOf, type OpKernel } from "@multiway/tensor/device";
import type { MatrixConfig } from "../wgsl/abilities.ts";
import type { Plan, PlanLimits } from "../wgsl/stage.ts";
import { depth, gap, shareFor } from "./matmul-matrix-units.ts";
import { batchIndices, epilogueText, operandsOf, resultViews, sizesOf, storeElement } from "./matmul-parts.ts";
import { tileCount } from "./matmul-tiles.ts";
import type { MatrixLanguage } from "./matrix-language.ts";
import { nothing, reads } from "./op-kernel.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export async function planMatrixUnits(kernel: OpKernel, limits: PlanLimits, config: MatrixConfig, language: MatrixLanguage): Promise<Plan> {
  const { batch, m, k, n } = sizesOf(kernel);
  const [a, b] = operandsOf(kernel);
  if (sizeOf(batch) * m * n === 0) return nothing;
  // It comes with the usual products, in their file: a file of its own would cost pages that only those use.
  const { operandText } = await import("./matmul.ts");
  const { component, M, N, K } = config;
  const share = shareFor(kernel, config, limits)!;
  const subgroups = share.down * share.across;
  const threads = subgroups * limits.abilities.subgroups!.maxSize;
  const [aStride, bStride] = [depth + gap, share.columns + gap];
  const tilesN = Math.ceil(n / share.columns);
  const perBatch = Math.ceil(m / share.rows) * tilesN;
  const { lines, names } = batchIndices(batch);
  const finish = await epilogueText(kernel, false);
  const common = { threads, batch: names, depth };
  const write = (tile: string) => (row: string, four: string, value: string): string => `put_${tile}(${row}, ${four}, ${value});`;
  const aText = operandText({ ...common, write: write("a"), name: "a", layout: a, major: share.rows, minor: depth, depthIs: "minor", start: "row0" }, k);
  const bText = operandText({ ...common, write: write("b"), name: "b", layout: b, major: depth, minor: share.columns, depthIs: "major", start: "column0" }, k);
  const [ownRows, ownColumns] = [share.rows / share.down, share.columns / share.across];
  const [down, across] = [range(ownRows / M), range(ownColumns / N)];
  const put = (name: string, stride: number): string => `fn put_${name}(row: u32, four: u32, value: vec4<f32>) {
  let at = row * ${stride}u + 4u * four;
${["x", "y", "z", "w"].map((part, q) => `  ${name}_tile[at + ${q}u] = ${component}(value.${part});`).join("\n")}
}`;
  const indent = (text: readonly string[], by: string): string => text.map((line) => by + line).join("\n");
  const multiply = [
    ...down.map((i) => `let left${i} = ${language.left(`(own_row + ${i * M}u) * ${aStride}u + q`, aStride)};`),
    ...across.flatMap((j) => [`let right${j} = ${language.right(`q * ${bStride}u + own_column + ${j * N}u`, bStride)};`, ...down.map((i) => `c${i}_${j} = ${language.multiplyAdd(`left${i}`, `right${j}`, `c${i}_${j}`)};`)]),
  ];
  const index = `(batch * ${m}u + row) * ${n}u + column`;
  // Each subgroup leaves one of its matrices; then all threads finish the elements of all of those.
  const drain = down.flatMap((i) => across.flatMap((j) => [language.store(`subgroup * ${M * N}u`, `c${i}_${j}`, N), `workgroupBarrier();`, `drain(batch, row0 + ${i * M}u, column0 + ${j * N}u, lane);`, `workgroupBarrier();`]));
  return {
    scratchBytes: [],
    stages: [
      {
        label: `${kernel.label} matmulMatrixUnits ${M}×${N}×${K} ${component}, ${share.rows}x${share.columns}`,
        views: [reads("a", a, aText.width), reads("b", b, bText.width), ...resultViews(kernel, finish, 1)],
        workgroupSize: threads,
        workgroups: tileCount(kernel, share),
        directives: language.directives,
        parameters: ["@builtin(subgroup_id) subgroup: u32"],
        declarations: `${finish?.declarations ?? ""}
var<workgroup> a_tile: array<${component}, ${share.rows * aStride}>;
var<workgroup> b_tile: array<${component}, ${depth * bStride}>;
var<workgroup> c_blocks: array<f32, ${subgroups * M * N}>;
${language.declarations}
${put("a", aStride)}
${put("b", bStride)}
fn drain(batch: u32, first_row: u32, first_column: u32, lane: u32) {
  ${lines}
  for (var t = lane; t < ${subgroups * M * N}u; t += ${threads}u) {
    let owner = t / ${M * N}u;
    let row = first_row + (owner / ${share.across}u) * ${ownRows}u + (t % ${M * N}u) / ${N}u;
    let column = first_column + (owner % ${share.across}u) * ${ownColumns}u + t % ${N}u;
    if (row < ${m}u && column < ${n}u) { ${storeElement(finish, [...names, "row", "column"], index, "c_blocks[t]")} }
  }
}`,
        body: `
  let batch = group / ${perBatch}u;
  let tile = group % ${perBatch}u;
  ${lines}
  let row0 = (tile / ${tilesN}u) * ${share.rows}u;
  let column0 = (tile % ${tilesN}u) * ${share.columns}u;
  let own_row = (subgroup / ${share.across}u) * ${ownRows}u;
  let own_column = (subgroup % ${share.across}u) * ${ownColumns}u;
${indent([...aText.prepare, ...bText.prepare], "  ")}
${down.map((i) => `  ${across.map((j) => `var c${i}_${j} = ${language.zero};`).join(" ")}`).join("\n")}
  var depth = 0u;
${indent([...aText.fetch, ...bText.fetch], "  ")}
  while (depth < ${k}u) {
${indent([...aText.put, ...bText.put], "    ")}
    workgroupBarrier();
    depth += ${depth}u;
    if (depth < ${k}u) {
${indent([...aText.fetch, ...bText.fetch], "      ")}
    }
    for (var q = 0u; q < ${depth}u; q += ${K}u) {
${indent(multiply, "      ")}
    }
    workgroupBarrier();
  }
${indent(drain, "  ")}`,
      },
    ],
  };
}
