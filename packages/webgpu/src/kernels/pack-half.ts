import type { Layout } from "@multiway/tensor/device";
import { at, nothing, reads, type OpKernelChoice } from "./op-kernel.ts";

/** One thread per pair. By bits: `pack2x16float` leaves its rounding to the driver. */
const packHalfPairs: OpKernelChoice = {
  name: "packHalfPairs",
  accepts: () => true,
  plan({ label, inputs, outputs }) {
    const x = inputs[0] as Layout;
    const count = x.shape[0]!;
    if (count === 0) return nothing;
    const pairs = Math.ceil(count / 2);
    return {
      scratchBytes: [],
      stages: [
        {
          label: `${label} packHalfPairs`,
          // Words of two halves: the last of an odd count holds one more, which nobody reads.
          views: [reads("x", x), { name: "y", buffer: { kernel: outputs[0]!.buffer }, element: "u32", access: "write" }],
          workgroupSize: 64,
          workgroups: Math.ceil(pairs / 64),
          declarations: `
fn half_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) { return sign | 0x7e00u; }
  // 65520 and more round to infinity.
  if (size >= 0x477ff000u) { return sign | 0x7c00u; }
  if (size >= 0x38800000u) {
    let rest = size - 0x38000000u;
    return sign | ((rest + 0xfffu + ((rest >> 13u) & 1u)) >> 13u);
  }
  // Below 2^-25 all round to zero; above, the significand moves to the half's last place, 2^-24.
  if (size <= 0x33000000u) { return sign; }
  let shift = 126u - (size >> 23u);
  let significand = (size & 0x7fffffu) | 0x800000u;
  let whole = significand >> shift;
  let rest = significand & ((1u << shift) - 1u);
  let tie = 1u << (shift - 1u);
  return sign | (whole + select(0u, 1u, rest > tie || (rest == tie && (whole & 1u) == 1u)));
}`,
          body: `
  let pair = group * 64u + lane;
  if (pair >= ${pairs}u) { return; }
  let low = half_of(load_x(${at(x, ["(2u * pair)"])}));
  let high = half_of(load_x(${at(x, [`min(2u * pair + 1u, ${count - 1}u)`])}));
  store_y(pair, low | (high << 16u));`,
        },
      ],
    };
  },
};

export const packHalfKernels: readonly OpKernelChoice[] = [packHalfPairs];
