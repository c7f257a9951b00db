import { demand } from "../fault.ts";
import { roundToHalf } from "../half.ts";
import { demandShape, type KernelOp } from "../op.ts";

/** y = the half float nearest to x, ties to even */
export const packHalf: KernelOp = ({ inputs, outputs }) => {
  const x = inputs[0]!;
  const y = outputs[0]!;
  const count = x.shape[0]!;
  demand(x.dtype === "f32" && y.dtype === "f16", `x is ${x.dtype} and the output ${y.dtype}; expected f32 and f16.`);
  demandShape({ x, y }, { x: [count], y: [count] });

  for (let i = 0; i < count; i++) y.set(roundToHalf(x.get(i)), i);
};
