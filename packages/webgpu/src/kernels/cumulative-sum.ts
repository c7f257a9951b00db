import { sizeOf, type Layout } from "@multiway/tensor/device";
import { at, nothing, reads, writes, type OpKernelChoice } from "./op-kernel.ts";

const threads = 256;

/** A workgroup per row: blocks of 256, each scanned by doubling steps and added to the sum of those before. */
const cumulativeSumRow: OpKernelChoice = {
  name: "cumulativeSumRow",
  accepts: (kernel, limits) => limits.maxWorkgroupSize >= threads,
  plan({ label, inputs, outputs }) {
    const x = inputs[0] as Layout;
    const [rows, length] = x.shape as [number, number];
    if (sizeOf(x.shape) === 0) return nothing;
    const zero = x.dtype === "i32" ? "0i" : "0.0f";
    return {
      scratchBytes: [],
      stages: [
        {
          label: `${label} cumulativeSumRow`,
          views: [reads("x", x), writes("y", outputs[0]!)],
          workgroupSize: threads,
          workgroups: rows,
          declarations: `var<workgroup> sums: array<${x.dtype}, ${threads}>;`,
          body: `
  let row = group;
  var before = ${zero};
  for (var block = 0u; block < ${length}u; block += ${threads}u) {
    let i = block + lane;
    var sum = ${zero};
    if (i < ${length}u) { sum = load_x(${at(x, ["row", "i"])}); }
    sums[lane] = sum;
    workgroupBarrier();
    for (var step = 1u; step < ${threads}u; step <<= 1u) {
      if (lane >= step) { sum += sums[lane - step]; }
      workgroupBarrier();
      sums[lane] = sum;
      workgroupBarrier();
    }
    if (i < ${length}u) { store_y(row * ${length}u + i, before + sum); }
    before += sums[${threads - 1}];
    workgroupBarrier();
  }`,
        },
      ],
    };
  },
};

export const cumulativeSumKernels: readonly OpKernelChoice[] = [cumulativeSumRow];
