import { sizeOf, type Layout } from "@multiway/tensor/device";
import { alignedRows, at, nothing, reads, word, writes, type OpKernelChoice } from "./op-kernel.ts";

/** A thread per element of the result, or per four neighbours in a row. A table beyond the largest binding is bound in several. */
function gatherElements(name: string, width: 1 | 4, accepts: OpKernelChoice["accepts"]): OpKernelChoice {
  return {
    name,
    accepts,
    plan({ label, inputs, outputs }) {
      const [table, indices] = inputs as [Layout, Layout];
      const columns = table.shape[1]! / width;
      const total = sizeOf(indices.shape) * columns;
      if (total === 0) return nothing;
      const zero = table.dtype === "bool" ? "false" : table.dtype === "i32" ? "0i" : table.dtype === "u32" ? "0u" : "0.0f";
      const type = table.dtype === "f16" ? "f32" : table.dtype;
      const position = at({ ...table, offset: table.offset / width, strides: [table.strides[0]! / width, table.strides[1]!], shape: [table.shape[0]!, columns] }, ["u32(row)", "column"]);
      return {
        scratchBytes: [],
        stages: [
          {
            label: `${label} ${name}`,
            views: [reads("table", table, width), reads("indices", indices), writes("y", outputs[0]!, width)],
            workgroupSize: 64,
            workgroups: Math.ceil(total / 64),
            body: `
  let element = group * 64u + lane;
  if (element >= ${word(total)}) { return; }
  let column = element % ${columns}u;
  let row = load_indices(${at(indices, [`(element / ${columns}u)`])});
  var value = ${width === 4 ? `vec4<${type}>(${zero})` : zero};
  if (row >= 0i && row < ${table.shape[0]}i) { value = load_table(${position}); }
  store_y(element, value);`,
          },
        ],
      };
    },
  };
}

export const gatherKernels: readonly OpKernelChoice[] = [
  gatherElements("gatherFours", 4, ({ inputs }) => alignedRows(inputs[0]!)),
  gatherElements("gatherElements", 1, () => true),
];
