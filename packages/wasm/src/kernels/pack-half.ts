import type { Layout, OpKernel } from "@multiway/tensor/device";
import { f32, f32x4, i16x8, i32, v128, type Code, type I32 } from "../assembler/index.ts";
import { narrowHalf } from "../math/narrow-half.ts";
import { address, kernelFunction, phase, type GeneratedKernel, type OpImplementations } from "./kernel.ts";

const elementsPerTask = 16384;

/** Eight elements at a time where they are contiguous. */
function packHalfVectors(kernel: OpKernel): GeneratedKernel {
  const x = kernel.inputs[0]! as Layout;
  const count = x.shape[0]!;
  if (count === 0) return { phases: [] };
  const elementBytes = x.strides[0]! * 4;

  const definition = kernelFunction({
    key: `packHalf ${count} ${elementBytes}`,
    parameters: { x: "i32", y: "i32" },
    body(code, { x, y, firstTask, endTask }) {
      const element = code.let(i32.mul(firstTask, elementsPerTask));
      const end = code.let(i32.mul(endTask, elementsPerTask));
      code.set(end, i32.minS(end, i32.const(count)));
      const from = code.let(i32.add(x, i32.mul(element, elementBytes)));
      const to = code.let(i32.add(y, i32.mul(element, 2)));
      if (elementBytes === 4) {
        code.while(i32.leS(i32.add(element, 8), end), () => {
          code.store(to, i16x8.narrowI32x4U(halves(code, from, 0), halves(code, from, 16)));
          code.increase(from, 32);
          code.increase(to, 16);
          code.increase(element, 8);
        });
      }
      code.while(i32.ltS(element, end), () => {
        code.storeLane16(to, narrowHalf(code, code.let(f32x4.splat(f32.load(from)))), 0);
        code.increase(from, elementBytes);
        code.increase(to, 2);
        code.increase(element, 1);
      });
    },
  });
  return {
    phases: [phase(definition, Math.ceil(count / elementsPerTask), { x: address(x), y: { buffer: kernel.outputs[0]!.buffer } })],
  };
}

const halves = (code: Code, from: I32, offset: number) => code.let(narrowHalf(code, code.let(v128.load(from, offset))));

export const packHalf: OpImplementations = [{ name: "packHalfVectors", generate: packHalfVectors }];
