import { bytesOf, type DType, type Layout } from "@multiway/tensor/device";
import { f32x4, i32, select, type Code, type I32, type Local, type V128 } from "../assembler/index.ts";
import { transpose } from "../blocks/pack.ts";
import { eachVector, orZero, readVector, storeVector } from "../blocks/row-vectors.ts";
import { address, kernelFunction, phase, type OpImplementation } from "./kernel.ts";
import { matmulProblem } from "./matmul-plan.ts";

/** Columns whose sums are kept at the same time; with two rows that makes eight sums, which hide the latency of adding. */
const columnsAtOnce = 4;

/**
 * Rows of A times columns of B as dot products along k; a task is a block of columns. B is read once, as it lies in memory: packing it would cost more than
 * the product, when A has so few rows.
 */
const matmulDotsFunction = (aType: DType, bType: DType) =>
  kernelFunction({
    key: `matmul.dots.${aType},${bType}`,
    parameters: { a: "i32", b: "i32", c: "i32", m: "i32", k: "i32", n: "i32", aRow: "i32", bColumn: "i32", columnBlock: "i32" },
    body(code, p) {
      const task = code.local("i32");
      const column = code.local("i32");
      const row = code.local("i32");
      const strideC = code.let(i32.shl(p.n, 2));
      code.for(task, p.firstTask, p.endTask, 1, () => {
        const first = code.let(i32.mul(task, p.columnBlock));
        const end = code.let(i32.minS(p.n, code.let(i32.add(first, p.columnBlock))));
        code.for(column, first, end, columnsAtOnce, () => {
          const left = code.let(i32.sub(end, column));
          // Columns past the last repeat it.
          const columns = [code.let(i32.add(p.b, i32.mul(column, p.bColumn)))];
          for (let next = 1; next < columnsAtOnce; next++) columns.push(code.let(select(i32.add(columns[next - 1]!, p.bColumn), columns[next - 1]!, i32.gtS(left, next))));
          const a = code.let(p.a);
          const c = code.let(i32.add(p.c, i32.shl(column, 2)));
          const store = (sums: V128, target: I32): void =>
            code.if(
              i32.geS(left, columnsAtOnce),
              () => code.store(target, sums),
              () => storeVector(code, target, i32.const(0), sums, { count: left }),
            );
          code.set(row, p.m);
          code.while(i32.geS(row, 2), () => {
            const second = code.let(i32.add(a, p.aRow));
            const sums = dots(code, aType, bType, [a, second], columns, p.k);
            store(sums[0]!, c);
            store(sums[1]!, i32.add(c, strideC));
            code.set(a, i32.add(second, p.aRow));
            code.set(c, i32.add(c, i32.shl(strideC, 1)));
            code.increase(row, -2);
          });
          code.if(row, () => store(dots(code, aType, bType, [a], columns, p.k)[0]!, c));
        });
      });
    },
  });

/** For each row, its dot products with four columns. */
function dots(code: Code, aType: DType, bType: DType, rows: readonly I32[], columns: readonly I32[], k: I32): Local<"v128">[] {
  const sums = rows.map(() => columns.map(() => code.let(f32x4.all(0))));
  eachVector(code, k, 1, (at, _, tail) => {
    const left = rows.map((row) => code.let(orZero(readVector(code, aType, row, at), tail)));
    columns.forEach((column, position) => {
      const right = code.let(orZero(readVector(code, bType, column, at), tail));
      left.forEach((vector, row) => code.set(sums[row]![position]!, code.fusedMultiplyAdd(vector, right, sums[row]![position]!)));
    });
  });
  return sums.map((ofRow) => {
    const [w, x, y, z] = transpose(code, ofRow) as [V128, V128, V128, V128];
    return code.let(f32x4.add(f32x4.add(w, x), f32x4.add(y, z)));
  });
}

export const matmulDots: OpImplementation = {
  name: "matmulDots",
  accepts({ inputs, outputs }) {
    const { batch, m, k, aK, bK } = matmulProblem(inputs[0]!, inputs[1]!, outputs[0]!);
    return batch.length === 0 && m > 0 && m <= 8 && k > 0 && aK === 1 && bK === 1;
  },
  generate({ inputs, outputs }) {
    const [a, b] = inputs as [Layout, Layout];
    const c = outputs[0]!;
    const { m, k, n, aRow, bColumn } = matmulProblem(a, b, c);
    // About 64,000 elements of B: 10 to 20 µs.
    const columnBlock = Math.max(columnsAtOnce, Math.floor(65536 / k / columnsAtOnce) * columnsAtOnce);
    return {
      phases: [
        phase(matmulDotsFunction(a.dtype, b.dtype), Math.ceil(n / columnBlock), {
          a: address(a), b: address(b), c: address(c), m, k, n, aRow: aRow * bytesOf(a.dtype), bColumn: bColumn * bytesOf(b.dtype), columnBlock,
        }),
      ],
    };
  },
};
