// pnpm exec tsx --conditions=@multiway/source packages/wasm/bench/matmul.ts [FILTER]
import { opKernel, type Operand } from "../src/kernels/op-kernel.ts";
import { openWith, timeKernel } from "./harness.ts";

/** [batch, m, k, n] and, by letters, which operands are transposed in memory. */
const cases: readonly [shape: readonly [number, number, number, number], transposed: string][] = [
  [[1, 768, 768, 3072], ""], [[1, 768, 768, 3072], "b"], [[1, 768, 768, 3072], "a"], [[1, 768, 768, 3072], "ab"],
  [[1, 197, 768, 768], ""], [[1, 197, 768, 768], "b"], [[1, 1024, 1024, 1024], ""], [[1, 1024, 1024, 1024], "b"], [[1, 1024, 1024, 1024], "a"],
  [[1, 816, 128, 128], "b"], [[1, 816, 128, 384], "b"], [[1, 816, 128, 512], "b"], [[1, 816, 512, 128], "b"],
  [[1, 1200, 128, 512], "b"], [[1, 2400, 128, 128], "b"], [[1, 2400, 128, 512], "b"], [[1, 2400, 512, 128], "b"],
  [[1, 816, 128, 128], ""], [[1, 816, 512, 128], ""], [[1, 816, 128, 512], ""], [[1, 2400, 128, 512], ""],
  [[1, 128, 816, 128], "a"], [[1, 384, 816, 128], "a"], [[1, 512, 816, 128], "a"], [[1, 128, 816, 512], "a"],
  [[1, 128, 2400, 128], "a"], [[1, 512, 2400, 128], "a"], [[1, 128, 2400, 512], "a"],
  [[1, 816, 128, 2000], "b"], [[1, 816, 2000, 128], ""], [[1, 2000, 816, 128], "a"],
  [[12, 197, 64, 197], "b"], [[12, 197, 197, 64], ""], [[192, 34, 32, 34], "b"],
  [[1, 17, 128, 128], "b"], [[1, 1, 768, 3072], "b"], [[1, 1, 768, 768], ""], [[1, 8, 768, 768], "b"], [[1, 40, 768, 64010], "b"],
];

function product([batch, m, k, n]: readonly number[], transposed: string) {
  const operand = (rows: number, columns: number, isTransposed: boolean): Operand => ({
    shape: [batch!, rows, columns],
    strides: isTransposed ? [rows * columns, 1, rows] : [rows * columns, columns, 1],
  });
  return opKernel("matmul", [operand(m!, k!, transposed.includes("a")), operand(k!, n!, transposed.includes("b"))], [{ shape: [batch!, m!, n!] }]);
}

const filter = process.argv[2] ?? "";
const devices = [await openWith(1), await openWith(2)];
console.log("GFLOP/s, median (slowest tenth)".padEnd(34), "1 thread".padEnd(16), "2 threads");
for (const [shape, transposed] of cases) {
  const [batch, m, k, n] = shape;
  const label = `${batch > 1 ? `${batch} × ` : ""}${m}×${k}${transposed.includes("a") ? "ᵀ" : ""} · ${k}×${n}${transposed.includes("b") ? "ᵀ" : ""}`;
  if (!label.replaceAll(" ", "").includes(filter)) continue;
  const figures: string[] = [];
  for (const device of devices) {
    const { median, ninetieth } = await timeKernel(device, product(shape, transposed));
    const rate = (ms: number): string => ((2 * batch * m * k * n) / ms / 1e6).toFixed(1);
    figures.push(`${rate(median)} (${rate(ninetieth)})`.padEnd(16));
  }
  console.log(label.padEnd(34), ...figures);
}
for (const device of devices) await device.close();
