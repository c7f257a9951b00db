import { sizeOf, type Layout } from "@multiway/tensor/device";
import { bitonicScratchBytes, bitonicStages } from "./bitonic.ts";
import { at, reads, word, writes, type OpKernelChoice } from "./op-kernel.ts";

/**
 * Deterministic without float atomics: the updates are sorted by row (stably, so by place within a row), and one thread per first
 * update of a row and column adds the row's updates in order.
 */
const scatterAddSorted: OpKernelChoice = {
  name: "scatterAddSorted",
  accepts: () => true,
  plan({ label, inputs, outputs, attributes }, limits) {
    const [indices, updates] = inputs as [Layout, Layout];
    const y = outputs[0]!;
    const rows = attributes.rows as number;
    const [count, width] = updates.shape as [number, number];
    const size = rows * width;
    const total = sizeOf(updates.shape);
    const clear = {
      label: `${label} clear`,
      views: [writes("y", y)],
      workgroupSize: 64,
      workgroups: Math.ceil(size / 64),
      body: `
  let element = group * 64u + lane;
  if (element >= ${word(size)}) { return; }
  store_y(element, 0.0f);`,
    };
    if (total === 0 || size === 0) return { scratchBytes: [], stages: [clear] };
    const bytes = bitonicScratchBytes(1, count);
    return {
      scratchBytes: [bytes, bytes, 4 * count, 4 * count],
      stages: [
        clear,
        ...bitonicStages({
          label,
          rows: 1,
          length: count,
          views: [reads("indices", indices)],
          key: `bitcast<u32>(load_indices(${at(indices, ["i"])}))`,
          outputs: [
            { name: "row_of", buffer: { scratch: 2 }, element: "u32", access: "write" },
            { name: "place_of", buffer: { scratch: 3 }, element: "u32", access: "write" },
          ],
          finish: `      store_row_of(i, key);\n      store_place_of(i, position);`,
          scratch: [{ scratch: 0 }, { scratch: 1 }],
          maxWorkgroupBytes: limits.maxWorkgroupBytes,
        }),
        {
          label: `${label} scatterAddSorted`,
          views: [
            { name: "row_of", buffer: { scratch: 2 }, element: "u32", access: "read" },
            { name: "place_of", buffer: { scratch: 3 }, element: "u32", access: "read" },
            reads("updates", updates),
            writes("y", y),
          ],
          workgroupSize: 64,
          workgroups: Math.ceil(total / 64),
          body: `
  let element = group * 64u + lane;
  if (element >= ${word(total)}) { return; }
  let column = element % ${width}u;
  var i = element / ${width}u;
  let row = load_row_of(i);
  // Negative rows are large as u32, so one comparison finds both kinds of outside.
  if (row >= ${rows}u || (i > 0u && load_row_of(i - 1u) == row)) { return; }
  var sum = 0.0f;
  for (; i < ${count}u; i++) {
    if (load_row_of(i) != row) { break; }
    let place = load_place_of(i);
    sum += load_updates(${at(updates, ["place", "column"])});
  }
  store_y(row * ${width}u + column, sum);`,
        },
      ],
    };
  },
};

export const scatterAddKernels: readonly OpKernelChoice[] = [scatterAddSorted];
