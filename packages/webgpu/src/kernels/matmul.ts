import type { OpKernel } from "@multiway/tensor/device";
import { epilogueText, type EpilogueText } from "./epilogue.ts";
import type { View } from "../wgsl/stage.ts";
import { alignedRows, at, nothing, product, reads, word, writes, type OpKernelChoice } from "./op-kernel.ts";

/** Extents of a product, and how a flat batch number becomes element offsets. */
interface Sizes {
  batch: readonly number[];
  m: number;
  k: number;
  n: number;
}

function sizesOf({ inputs, outputs }: OpKernel): Sizes {
  const shape = outputs[0]!.shape;
  return { batch: shape.slice(0, -2), m: shape.at(-2)!, n: shape.at(-1)!, k: inputs[0]!.shape.at(-1)! };
}

/** `let batch0 = …;` for every batch axis, from `batch`. */
function batchIndices(batch: readonly number[]): { lines: string; names: string[] } {
  let rest = "batch";
  const names = batch.map((_, axis) => `batch${axis}`);
  const lines: string[] = [];
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    lines.push(`let batch${axis} = ${axis === 0 ? rest : `(${rest}) % ${batch[axis]}u`};`);
    rest = `(${rest}) / ${batch[axis]}u`;
  }
  return { lines: lines.join(" "), names };
}

/** Views of the result and of what an epilogue touches. */
function resultViews(kernel: OpKernel, finish: EpilogueText | undefined, width: 1 | 4): View[] {
  const own = !finish || finish.keepsResult ? [writes("c", kernel.outputs[0]!, width)] : [];
  return [...own, ...(finish?.views ?? [])];
}

const statements = (...texts: readonly string[]): string => texts.filter(Boolean).join(" ");
const storesOwn = (finish: EpilogueText | undefined, text: string): string => (!finish || finish.keepsResult ? text : "");
const finishElement = (finish: EpilogueText | undefined, indices: readonly string[], value: string): string => finish?.call(indices, value) ?? "";

/** One thread per element: for products too small or odd for tiles. Also the last resort, so it takes any. */
const matmulPlain: OpKernelChoice = {
  name: "matmulPlain",
  accepts: () => true,
  runsEpilogues: true,
  async plan(kernel) {
    const { batch, m, k, n } = sizesOf(kernel);
    const [a, b] = kernel.inputs as [OpKernel["inputs"][0], OpKernel["inputs"][0]];
    const total = product(batch) * m * n;
    if (total === 0) return nothing;
    const { lines, names } = batchIndices(batch);
    const finish = await epilogueText(kernel, false);
    return {
      scratchBytes: [],
      stages: [
        {
          label: `${kernel.label} matmulPlain`,
          views: [reads("a", a), reads("b", b), ...resultViews(kernel, finish, 1)],
          ...(finish && { declarations: finish.declarations }),
          workgroupSize: 64,
          workgroups: Math.ceil(total / 64),
          body: `
  let element = group * 64u + lane;
  if (element >= ${total}u) { return; }
  let column = element % ${n}u;
  let row = (element / ${n}u) % ${m}u;
  let batch = element / ${word(m * n)};
  ${lines}
  let a_start = ${at(a, [...names, "row", "0u"])};
  let b_start = ${at(b, [...names, "0u", "column"])};
  var sum = 0.0f;
  for (var i = 0u; i < ${k}u; i++) {
    sum += load_a(a_start + i * ${word(a.strides.at(-1)!)}) * load_b(b_start + i * ${word(b.strides.at(-2)!)});
  }
  ${statements(storesOwn(finish, "store_c(element, sum);"), finishElement(finish, [...names, "row", "column"], "sum"))}`,
        },
      ],
    };
  },
};

/**
 * 64 × 64 tiles of c, 16 of k at a time, in workgroup memory; 256 threads hold 4 × 4 elements each. Rows of an operand that are contiguous and
 * aligned are read as vec4.
 */
const matmulTiled: OpKernelChoice = {
  name: "matmulTiled",
  runsEpilogues: true,
  accepts: (kernel, limits) => {
    const { m, n, k } = sizesOf(kernel);
    // Below, most of a tile would be padding.
    return limits.maxWorkgroupSize >= 256 && m >= 24 && n >= 24 && k >= 16 && m * n * k >= 65536;
  },
  async plan(kernel) {
    const { batch, m, k, n } = sizesOf(kernel);
    const [a, b] = kernel.inputs as [OpKernel["inputs"][0], OpKernel["inputs"][0]];
    const batches = product(batch);
    if (batches * m * n === 0) return nothing;
    const { lines, names } = batchIndices(batch);
    const tilesM = Math.ceil(m / 64);
    const tilesN = Math.ceil(n / 64);
    const wideA = alignedRows(a);
    const wideB = alignedRows(b);
    const wideC = n % 4 === 0;
    const element = (name: string, index: string, inside: string): string => (inside ? `select(0.0f, load_${name}(${index}), ${inside})` : `load_${name}(${index})`);
    const ragged = (size: number, tile: number, index: string): string => (size % tile === 0 ? "" : `${index} < ${size}u`);
    const both = (...conditions: string[]): string => conditions.filter(Boolean).join(" && ");

    // The tile of a is [64 rows][4 groups of 4 k], that of b is [16 k][16 groups of 4 columns]; each thread fills one vec4 of both.
    const alongRowsA = a.strides.at(-2) === 1;
    const positionA = alongRowsA ? `let a_row = lane % 64u; let a_group = lane / 64u;` : `let a_row = lane / 4u; let a_group = lane % 4u;`;
    const insideA = both(ragged(m, 64, "row0 + a_row"));
    const fillA = wideA
      ? `select(vec4<f32>(0.0f), load_a((a_start + i * 1u) >> 2u), ${both(insideA, ragged(k, 16, "i")) || "true"})`
      : `vec4<f32>(${[0, 1, 2, 3].map((q) => element("a", `a_start + (i + ${q}u) * ${word(a.strides.at(-1)!)}`, both(insideA, ragged(k, 16, `i + ${q}u`)))).join(", ")})`;
    const alongDepthB = b.strides.at(-2) === 1;
    const positionB = alongDepthB ? `let b_depth = lane % 16u; let b_group = lane / 16u;` : `let b_depth = lane / 16u; let b_group = lane % 16u;`;
    const insideB = (q: number): string => both(ragged(k, 16, "j"), ragged(n, 64, `column0 + 4u * b_group${q ? ` + ${q}u` : ""}`));
    const fillB = wideB
      ? `select(vec4<f32>(0.0f), load_b((b_start + j * ${word(b.strides.at(-2)!)}) >> 2u), ${insideB(0) || "true"})`
      : `vec4<f32>(${[0, 1, 2, 3].map((q) => element("b", `b_start + j * ${word(b.strides.at(-2)!)} + ${word(q * b.strides.at(-1)!)}`, insideB(q))).join(", ")})`;
    const finish = await epilogueText(kernel, wideC);
    const storeRow = (i: number): string => {
      const start = `c_start + ${i}u * ${n}u`;
      const row = `row + ${i}u`;
      const one = (q: number): string => finishElement(finish, [...names, row, `column + ${q}u`], `c${i}[${q}]`);
      const four = finish && !finish.isWide ? [0, 1, 2, 3].map(one).join(" ") : finishElement(finish, [...names, row, "column"], `c${i}`);
      const store = wideC
        ? `if (${ragged(n, 64, "column") || "true"}) { ${statements(storesOwn(finish, `store_c((${start}) >> 2u, c${i});`), four)} }`
        : [0, 1, 2, 3].map((q) => `if (column + ${q}u < ${n}u) { ${statements(storesOwn(finish, `store_c(${start} + ${q}u, c${i}[${q}]);`), one(q))} }`).join(" ");
      return `  if (${ragged(m, 64, `row + ${i}u`) || "true"}) { ${store} }`;
    };
    return {
      scratchBytes: [],
      stages: [
        {
          label: `${kernel.label} matmulTiled`,
          views: [reads("a", a, wideA ? 4 : 1), reads("b", b, wideB ? 4 : 1), ...resultViews(kernel, finish, wideC ? 4 : 1)],
          workgroupSize: 256,
          workgroups: batches * tilesM * tilesN,
          declarations: `${finish?.declarations ?? ""}
var<workgroup> a_tile: array<vec4<f32>, 256>;
var<workgroup> b_tile: array<vec4<f32>, 256>;`,
          body: `
  let batch = group / ${tilesM * tilesN}u;
  let tile = group % ${tilesM * tilesN}u;
  ${lines}
  let row0 = (tile / ${tilesN}u) * 64u;
  let column0 = (tile % ${tilesN}u) * 64u;
  ${positionA}
  ${positionB}
  let a_start = ${at(a, [...names, "row0 + a_row", "0u"])};
  let b_start = ${at(b, [...names, "0u", "column0 + 4u * b_group"])};
  let ty = lane / 16u;
  let tx = lane % 16u;
  var c0 = vec4<f32>(0.0f);
  var c1 = vec4<f32>(0.0f);
  var c2 = vec4<f32>(0.0f);
  var c3 = vec4<f32>(0.0f);
  for (var depth = 0u; depth < ${k}u; depth += 16u) {
    let i = depth + 4u * a_group;
    let j = depth + b_depth;
    a_tile[a_row * 4u + a_group] = ${fillA};
    b_tile[b_depth * 16u + b_group] = ${fillB};
    workgroupBarrier();
    for (var q = 0u; q < 4u; q++) {
      let b0 = b_tile[(4u * q) * 16u + tx];
      let b1 = b_tile[(4u * q + 1u) * 16u + tx];
      let b2 = b_tile[(4u * q + 2u) * 16u + tx];
      let b3 = b_tile[(4u * q + 3u) * 16u + tx];
${[0, 1, 2, 3].map((i) => `      let a${i} = a_tile[(4u * ty + ${i}u) * 4u + q];\n      c${i} += a${i}.x * b0 + a${i}.y * b1 + a${i}.z * b2 + a${i}.w * b3;`).join("\n")}
    }
    workgroupBarrier();
  }
  let row = row0 + 4u * ty;
  let column = column0 + 4u * tx;
  let c_start = (batch * ${m}u + row) * ${n}u + column;
${[0, 1, 2, 3].map(storeRow).join("\n")}`,
        },
      ],
    };
  },
};

export const matmulKernels: readonly OpKernelChoice[] = [matmulTiled, matmulPlain];
