import { sizeOf, type Layout } from "@multiway/tensor/device";
import { bitonicScratchBytes, bitonicStages } from "./bitonic.ts";
import { at, nothing, reads, writes, type OpKernelChoice } from "./op-kernel.ts";

/** Keys whose order as u32 is that of the values: NaN behind everything, −0 and 0 equal. */
const keyOf: Readonly<Record<string, string>> = {
  u32: `fn key_of(x: u32) -> u32 { return x; }`,
  i32: `fn key_of(x: i32) -> u32 { return bitcast<u32>(x) ^ 0x80000000u; }`,
  f32: `fn key_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
  if ((bits & 0x7fffffffu) == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}`,
};

const sortBitonic: OpKernelChoice = {
  name: "sortBitonic",
  accepts: () => true,
  plan({ label, inputs, outputs, attributes }, limits) {
    const x = inputs[0] as Layout;
    const [values, indices] = outputs as [Layout, Layout];
    const [rows, length] = x.shape as [number, number];
    if (sizeOf(x.shape) === 0) return nothing;
    const bytes = bitonicScratchBytes(rows, length);
    return {
      scratchBytes: [bytes, bytes],
      stages: bitonicStages({
        label,
        rows,
        length,
        views: [reads("x", x)],
        declarations: keyOf[x.dtype]!,
        // Descending turns the keys around and leaves positions ascending, so equal values keep their order.
        key: `${attributes.descending === true ? "~" : ""}key_of(load_x(${at(x, ["row", "i"])}))`,
        outputs: [reads("source", x), writes("values", values), writes("indices", indices)],
        finish: `      store_values(row * ${length}u + i, load_source(${at(x, ["row", "position"])}));
      store_indices(row * ${length}u + i, i32(position));`,
        scratch: [{ scratch: 0 }, { scratch: 1 }],
        maxWorkgroupBytes: limits.maxWorkgroupBytes,
      }),
    };
  },
};

export const sortKernels: readonly OpKernelChoice[] = [sortBitonic];
