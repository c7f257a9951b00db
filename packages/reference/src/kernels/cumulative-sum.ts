import { demand } from "../fault.ts";
import { demandShape, type KernelOp } from "../op.ts";

/** y[i] = x[0] + … + x[i], along rows */
export const cumulativeSum: KernelOp = ({ inputs, outputs }) => {
  const x = inputs[0]!;
  const y = outputs[0]!;
  const [rows, length] = x.shape as [number, number];
  demand((x.dtype === "f32" || x.dtype === "i32") && y.dtype === x.dtype, `x is ${x.dtype} and the output ${y.dtype}; expected both f32 or both i32.`);
  demandShape({ x, y }, { x: [rows, length], y: [rows, length] });

  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < length; i++) {
      sum = x.dtype === "i32" ? (sum + x.get(row, i)) | 0 : sum + x.get(row, i);
      y.set(sum, row, i);
    }
  }
};
