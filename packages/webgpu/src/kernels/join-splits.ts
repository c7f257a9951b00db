import { sizeOf, type OpKernel } from "@multiway/tensor/device";
import type { Stage } from "../wgsl/stage.ts";
import { batchIndices, epilogueText, resultViews, sizesOf, storeElement, storeFour } from "./matmul-parts.ts";
import { word } from "./op-kernel.ts";

/** Sums what the pieces of k gave, in order, and finishes the result. */
export async function joinSplits(kernel: OpKernel, splits: number): Promise<Stage> {
  const { batch, m, n } = sizesOf(kernel);
  const wide = n % 4 === 0;
  const width = wide ? 4 : 1;
  const total = sizeOf(batch) * m * n;
  const threads = total / width;
  const { lines, names } = batchIndices(batch);
  const finish = await epilogueText(kernel, wide);
  const indices = [...names, "row", "column"];
  return {
    label: `${kernel.label} join`,
    views: [{ name: "partials", buffer: { scratch: 0 }, element: "f32", width, access: "read" }, ...resultViews(kernel, finish, width)],
    workgroupSize: 64,
    workgroups: Math.ceil(threads / 64),
    ...(finish && { declarations: finish.declarations }),
    body: `
  let thread = group * 64u + lane;
  if (thread >= ${threads}u) { return; }
  let element = ${wide ? "4u * thread" : "thread"};
  let column = element % ${n}u;
  let row = (element / ${n}u) % ${m}u;
  let batch = element / ${word(m * n)};
  ${lines}
  var sum = load_partials(thread);
  for (var split = 1u; split < ${splits}u; split++) { sum += load_partials(split * ${threads}u + thread); }
  ${wide ? storeFour(finish, indices, "element", "sum") : storeElement(finish, indices, "element", "sum")}`,
  };
}
