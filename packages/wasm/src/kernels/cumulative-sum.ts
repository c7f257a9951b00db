import type { Layout, OpKernel } from "@multiway/tensor/device";
import { f32, i32 } from "../assembler/index.ts";
import { f64 } from "../assembler/wide.ts";
import { address, kernelFunction, phase, type GeneratedKernel, type OpImplementations } from "./kernel.ts";

/** One row per task; f32 is summed in float64, so that long rows stay right. */
function cumulativeSumRows(kernel: OpKernel): GeneratedKernel {
  const x = kernel.inputs[0]! as Layout;
  const [rows, length] = x.shape as [number, number];
  if (rows * length === 0) return { phases: [] };
  const [rowBytes, elementBytes] = x.strides.map((stride) => stride * 4) as [number, number];
  const isFloat = x.dtype === "f32";

  const definition = kernelFunction({
    key: `cumulativeSum ${isFloat} ${length} ${rowBytes} ${elementBytes}`,
    parameters: { x: "i32", y: "i32" },
    body(code, { x, y, firstTask, endTask }) {
      const to = code.let(i32.add(y, i32.mul(firstTask, length * 4)));
      const row = code.local("i32");
      const integerSum = code.local("i32");
      const floatSum = code.local("f64");
      code.for(row, firstTask, endTask, 1, () => {
        const from = code.let(i32.add(x, i32.mul(row, rowBytes)));
        code.set(integerSum, i32.const(0));
        code.set(floatSum, f64.const(0));
        code.repeat(length, () => {
          if (isFloat) code.set(floatSum, f64.add(floatSum, f64.promoteF32(f32.load(from))));
          else code.set(integerSum, i32.add(integerSum, i32.load(from)));
          code.store(to, isFloat ? f32.demoteF64(floatSum) : integerSum);
          code.increase(from, elementBytes);
          code.increase(to, 4);
        });
      });
    },
  });
  return { phases: [phase(definition, rows, { x: address(x), y: { buffer: kernel.outputs[0]!.buffer } })] };
}

export const cumulativeSum: OpImplementations = [{ name: "cumulativeSumRows", generate: cumulativeSumRows }];
