import { sizeOf, type OpKernel } from "@multiway/tensor/device";
import type { Plan } from "../wgsl/stage.ts";
import { batchIndices, epilogueText, operandsOf, resultViews, sizesOf, storeElement } from "./matmul-parts.ts";
import { alignedColumns, alignedRows, at, nothing, reads, word } from "./op-kernel.ts";

const threads = 256;
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** See `matmulRows`. */
export async function planRows(kernel: OpKernel): Promise<Plan> {
  const { batch, m, k, n } = sizesOf(kernel);
  const [a, b] = operandsOf(kernel);
  const batches = sizeOf(batch);
  if (batches * m * n === 0) return nothing;
  const { lines, names } = batchIndices(batch);
  const alongDepth = b.strides.at(-1) !== 1 && b.strides.at(-2) === 1;
  // Where memory runs along k a thread takes four steps of k at once, where it runs along rows of b four columns.
  const depthEach = alongDepth && alignedColumns(b) && k % 4 === 0 ? 4 : 1;
  const columnsEach = !alongDepth && alignedRows(b) ? 4 : 1;
  const wideA = depthEach === 4 && alignedRows(a);
  // 32 threads along k read whole lines of memory; along rows of b, 8 vec4s or 32 elements do.
  const parts = alongDepth ? 32 : columnsEach === 4 && n >= 2048 ? 32 : columnsEach === 4 ? 64 : 8;
  const columnThreads = threads / parts;
  const columns = columnThreads * columnsEach;
  const rowBlocks = Math.ceil(m / 4);
  const rows = range(Math.ceil(m / rowBlocks));
  const columnBlocks = Math.ceil(n / columns);
  const type = columnsEach === 4 ? "vec4<f32>" : "f32";
  const finish = await epilogueText(kernel, false);
  const [part, columnThread] = alongDepth ? [`lane % ${parts}u`, `lane / ${parts}u`] : [`lane / ${columnThreads}u`, `lane % ${columnThreads}u`];
  const step = alongDepth ? 1 : columnThreads;
  const aAt = (i: number): string => `a${i}_start + i * ${word(a.strides.at(-1)!)}`;
  const bAt = `b_start + i * ${word(b.strides.at(-2)!)}`;
  const terms = rows.map((i) => {
    if (depthEach === 1) return `sum${i} += load_a(${aAt(i)}) * x;`;
    const four = wideA ? `load_a((${aAt(i)}) >> 2u)` : `vec4<f32>(${range(4).map((q) => `load_a(${aAt(i)} + ${word(q * a.strides.at(-1)!)})`).join(", ")})`;
    return `sum${i} += dot(${four}, x);`;
  });
  const inside = n % columns === 0 ? "" : `column < ${n}u`;
  const stores = rows.flatMap((i) => {
    const row = `row0 + ${i}u`;
    const start = `(batch * ${m}u + ${row}) * ${n}u + column`;
    const each = range(columnsEach).map((q) => storeElement(finish, [...names, row, `column + ${q}u`], `${start} + ${q}u`, columnsEach === 4 ? `sum${i}[${q}]` : `sum${i}`));
    return m % rows.length === 0 ? each : [`if (${row} < ${m}u) { ${each.join(" ")} }`];
  });
  return {
    scratchBytes: [],
    stages: [
      {
        label: `${kernel.label} matmulRows`,
        views: [reads("a", a, wideA ? 4 : 1), reads("b", b, depthEach === 4 || columnsEach === 4 ? 4 : 1), ...resultViews(kernel, finish, 1)],
        workgroupSize: threads,
        workgroups: batches * rowBlocks * columnBlocks,
        declarations: `${finish?.declarations ?? ""}
${rows.map((i) => `var<workgroup> sums${i}: array<${type}, ${threads}>;`).join("\n")}`,
        body: `
  let batch = group / ${rowBlocks * columnBlocks}u;
  ${lines}
  let row0 = ((group / ${columnBlocks}u) % ${rowBlocks}u) * ${rows.length}u;
  let part = ${part};
  let column = (group % ${columnBlocks}u) * ${columns}u + ${columnsEach === 4 ? "4u * " : ""}(${columnThread});
${rows.map((i) => `  let a${i}_start = ${at(a, [...names, m % rows.length === 0 ? `row0 + ${i}u` : `min(row0 + ${i}u, ${m - 1}u)`, "0u"])};`).join("\n")}
  let b_start = ${at(b, [...names, "0u", inside ? `min(column, ${n - columnsEach}u)` : "column"])};
${rows.map((i) => `  var sum${i} = ${type}();`).join("\n")}
  for (var i = ${depthEach}u * part; i < ${k}u; i += ${depthEach * parts}u) {
    let x = load_b(${depthEach === 4 || columnsEach === 4 ? `(${bAt}) >> 2u` : bAt});
    ${terms.join("\n    ")}
  }
${rows.map((i) => `  sums${i}[lane] = sum${i};`).join("\n")}
  workgroupBarrier();
  for (var half = ${parts / 2}u; half > 0u; half >>= 1u) {
    if (part < half) {
${rows.map((i) => `      sum${i} += sums${i}[lane + half * ${step}u];\n      sums${i}[lane] = sum${i};`).join("\n")}
    }
    workgroupBarrier();
  }
  if (part == 0u${inside ? ` && ${inside}` : ""}) {
${stores.map((text) => `    ${text}`).join("\n")}
  }`,
      },
    ],
  };
}
