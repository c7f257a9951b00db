import { bytesOf, type Layout, type OpKernel } from "@multiway/tensor/device";
import { f32x4, i32, v128 } from "../assembler/index.ts";
import { widenHalf } from "../math/half.ts";
import { address, kernelFunction, phase, type GeneratedKernel, type OpImplementations } from "./kernel.ts";

const elementsPerTask = 16384;

/** Copies one row after the other, four elements at a time where rows are contiguous. */
function gatherRows(kernel: OpKernel): GeneratedKernel {
  const [table, indices] = kernel.inputs as [Layout, Layout];
  const [rows, width] = table.shape as [number, number];
  const count = indices.shape[0]!;
  if (count * width === 0) return { phases: [] };
  const isHalf = table.dtype === "f16";
  const size = bytesOf(table.dtype);
  const [rowBytes, elementBytes] = [table.strides[0]! * size, table.strides[1]! * size];
  const indexBytes = indices.strides[0]! * 4;
  const rowsPerTask = Math.max(1, Math.round(elementsPerTask / width));
  const vectors = elementBytes === size ? Math.floor(width / 4) : 0;

  const definition = kernelFunction({
    key: `gather ${isHalf} ${rows} ${width} ${rowBytes} ${elementBytes} ${indexBytes} ${count} ${rowsPerTask}`,
    parameters: { table: "i32", indices: "i32", out: "i32" },
    body(code, { table, indices, out, firstTask, endTask }) {
      const row = code.let(i32.mul(firstTask, rowsPerTask));
      const end = code.let(i32.mul(endTask, rowsPerTask));
      code.set(end, i32.minS(end, i32.const(count)));
      const to = code.let(i32.add(out, i32.mul(row, width * 4)));
      code.while(i32.ltS(row, end), () => {
        const index = code.let(i32.load(i32.add(indices, i32.mul(row, indexBytes))));
        code.if(
          i32.ltU(index, rows),
          () => {
            const from = code.let(i32.add(table, i32.mul(index, rowBytes)));
            code.repeat(vectors, () => {
              code.store(to, isHalf ? widenHalf(code, v128.load16x4U(from)) : v128.load(from));
              code.increase(from, 4 * size);
              code.increase(to, 16);
            });
            code.repeat(width - 4 * vectors, () => {
              if (isHalf) code.store(to, f32x4.extractLane(widenHalf(code, v128.load16Lane(from, f32x4.all(0), 0)), 0));
              else code.store(to, i32.load(from));
              code.increase(from, elementBytes);
              code.increase(to, 4);
            });
          },
          () => {
            code.fill(to, 0, width * 4);
            code.increase(to, width * 4);
          },
        );
        code.increase(row, 1);
      });
    },
  });
  return {
    phases: [
      phase(definition, Math.ceil(count / rowsPerTask), {
        table: address(table),
        indices: address(indices),
        out: { buffer: kernel.outputs[0]!.buffer },
      }),
    ],
  };
}

export const gather: OpImplementations = [{ name: "gatherRows", generate: gatherRows }];
