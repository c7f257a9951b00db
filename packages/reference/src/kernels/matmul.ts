import { demand } from "../fault.ts";
import { demandFloat, demandShape, type KernelOp } from "../op.ts";

/** c[…, i, j] = Σₖ a[…, i, k] · b[…, k, j] */
export const matmul: KernelOp = ({ inputs: [a, b], outputs: [c] }) => {
  demandFloat({ a: a!, b: b! });
  const batch = c!.shape.slice(0, -2);
  demand(batch.length <= 4 && c!.shape.length >= 2 && a!.shape.length >= 2, `c has ${c!.shape.length} axes; expected 2 to 6.`);
  const [m, k] = a!.shape.slice(-2) as [number, number];
  const n = b!.shape.at(-1)!;
  demandShape({ a: a!, b: b!, c: c! }, { a: [...batch, m, k], b: [...batch, k, n], c: [...batch, m, n] });

  const axis = batch.length;
  const count = batch.reduce((product, extent) => product * extent, 1);
  for (let item = 0; item < count; item++) {
    let aStart = a!.offset;
    let bStart = b!.offset;
    for (let rest = item, d = axis - 1; d >= 0; d--) {
      const index = rest % batch[d]!;
      rest = (rest - index) / batch[d]!;
      aStart += index * a!.strides[d]!;
      bStart += index * b!.strides[d]!;
    }
    const [aRow, aColumn] = [a!.strides[axis]!, a!.strides[axis + 1]!];
    const [bRow, bColumn] = [b!.strides[axis]!, b!.strides[axis + 1]!];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let x = 0; x < k; x++) sum += a!.read(aStart + i * aRow + x * aColumn) * b!.read(bStart + x * bRow + j * bColumn);
        c!.write(sum, (item * m + i) * n + j);
      }
    }
  }
};
