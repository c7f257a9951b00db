import { sizeOf, type OpKernel } from "@multiway/tensor/device";
import type { Plan } from "../wgsl/stage.ts";
import { batchIndices, epilogueText, operandsOf, resultViews, sizesOf, storeElement } from "./matmul-parts.ts";
import { at, nothing, reads, word } from "./op-kernel.ts";

/** See `matmulPlain`. */
export async function planPlain(kernel: OpKernel): Promise<Plan> {
  const { batch, m, k, n } = sizesOf(kernel);
  const [a, b] = operandsOf(kernel);
  const total = sizeOf(batch) * m * n;
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
  ${storeElement(finish, [...names, "row", "column"], "element", "sum")}`,
      },
    ],
  };
}
