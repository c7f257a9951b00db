// pnpm exec tsx --conditions=@multiway/source packages/wasm/bench/rows.ts
import type { OpKernel } from "@multiway/tensor/device";
import { opKernel, type Operand } from "../src/kernels/op-kernel.ts";
import { megabytes, openWith, timeKernel } from "./harness.ts";

const of = (...shape: number[]): Operand => ({ shape });
const targets = (rows: number): Operand => ({ shape: [rows], dtype: "i32" });

const layerNorms = ([rows, width]: readonly [number, number]): OpKernel[] => [
  opKernel("layerNorm", [of(rows, width), of(width), of(width)], [of(rows, width), of(rows), of(rows)], { epsilon: 1e-5 }),
  opKernel("layerNormBackward", [of(rows, width), of(width), of(rows), of(rows), of(rows, width)], [of(rows, width)]),
];
const crossEntropies = ([rows, classes]: readonly [number, number]): OpKernel[] => [
  opKernel("crossEntropy", [of(rows, classes), targets(rows)], [of(rows), of(rows)], { labelSmoothing: 0.1 }),
  opKernel("crossEntropyBackward", [of(rows, classes), targets(rows), of(rows), of(rows)], [of(rows, classes)], { labelSmoothing: 0.1 }),
];

const kernels = [
  ...([[197, 768], [816, 128], [2400, 128]] as const).flatMap(layerNorms),
  ...([[816, 2000], [128, 8192], [40, 64010]] as const).flatMap(crossEntropies),
];
const devices = [await openWith(1), await openWith(2)];
console.log("ms, median (GB/s)".padEnd(36), "1 thread".padEnd(16), "2 threads");
for (const kernel of kernels) {
  const figures: string[] = [];
  for (const device of devices) {
    const { median } = await timeKernel(device, kernel, { limit: kernel.inputs[0]!.shape[1]! });
    figures.push(`${median.toFixed(3)} (${(megabytes(kernel) / median).toFixed(1)})`.padEnd(16));
  }
  console.log(`${kernel.op} ${kernel.inputs[0]!.shape.join("×")}`.padEnd(36), ...figures);
}
for (const device of devices) await device.close();
