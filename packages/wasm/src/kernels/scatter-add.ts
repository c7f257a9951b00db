import type { Layout, OpKernel } from "@multiway/tensor/device";
import { f32, f32x4, i32, v128 } from "../assembler/index.ts";
import { address, kernelFunction, phase, type GeneratedKernel, type OpImplementations } from "./kernel.ts";

/** Every task goes through all indices, so there are not too many. */
const maxTasks = 32;

/** Each task owns a range of rows: it clears them, then adds the updates that fall in them, in order. */
function scatterAddRows(kernel: OpKernel): GeneratedKernel {
  const [indices, updates] = kernel.inputs as [Layout, Layout];
  const out = kernel.outputs[0]!;
  const [rows, width] = out.shape as [number, number];
  const count = indices.shape[0]!;
  if (rows * width === 0) return { phases: [] };
  const [updateBytes, elementBytes] = updates.strides.map((stride) => stride * 4) as [number, number];
  const indexBytes = indices.strides[0]! * 4;
  const rowsPerTask = Math.max(1, Math.ceil(rows / maxTasks), Math.ceil(4096 / width));
  const vectors = elementBytes === 4 ? Math.floor(width / 4) : 0;

  const definition = kernelFunction({
    key: `scatterAdd ${rows} ${width} ${count} ${updateBytes} ${elementBytes} ${indexBytes} ${rowsPerTask}`,
    parameters: { indices: "i32", updates: "i32", out: "i32" },
    body(code, { indices, updates, out, firstTask, endTask }) {
      const firstRow = code.let(i32.mul(firstTask, rowsPerTask));
      const numRows = code.let(i32.mul(endTask, rowsPerTask));
      code.set(numRows, i32.sub(i32.minS(numRows, i32.const(rows)), firstRow));
      code.fill(i32.add(out, i32.mul(firstRow, width * 4)), 0, i32.mul(numRows, width * 4));
      code.repeat(count, () => {
        const row = code.let(i32.load(indices));
        code.if(i32.ltU(i32.sub(row, firstRow), numRows), () => {
          const from = code.let(updates);
          const to = code.let(i32.add(out, i32.mul(row, width * 4)));
          code.repeat(vectors, () => {
            code.store(to, f32x4.add(v128.load(to), v128.load(from)));
            code.increase(from, 16);
            code.increase(to, 16);
          });
          code.repeat(width - 4 * vectors, () => {
            code.store(to, f32.add(f32.load(to), f32.load(from)));
            code.increase(from, elementBytes);
            code.increase(to, 4);
          });
        });
        code.increase(indices, indexBytes);
        code.increase(updates, updateBytes);
      });
    },
  });
  return {
    phases: [
      phase(definition, Math.ceil(rows / rowsPerTask), {
        indices: address(indices),
        updates: address(updates),
        out: { buffer: out.buffer },
      }),
    ],
  };
}

export const scatterAdd: OpImplementations = [{ name: "scatterAddRows", generate: scatterAddRows }];
