import type { DType, Layout } from "@multiway/tensor/device";
import { f32x4, i32, select, type Code, type I32, type Local } from "../assembler/index.ts";
import { eachVector, joinPartials, orZero, partials, readVector, storeVector } from "../blocks/row-vectors.ts";
import { loadElement } from "../blocks/widen.ts";
import { address, kernelFunction, phase, type OpImplementations } from "./kernel.ts";
import { dtypesKey, rowBytes, rowsPerTask } from "./row-operands.ts";

/** Sums of a row are kept in so many vectors. */
const lanes = 4;

/** Runs the body for every row of a range of tasks. */
export function eachRow(code: Code, { rows, group, firstTask, endTask }: { rows: I32; group: I32; firstTask: I32; endTask: I32 }, body: (row: Local<"i32">) => void): void {
  const row = code.local("i32");
  const wanted = code.let(i32.mul(endTask, group));
  const end = code.let(select(wanted, rows, i32.ltS(wanted, rows)));
  code.for(row, i32.mul(firstTask, group), end, 1, () => body(row));
}

const layerNormFunction = (inputs: readonly Layout[]) =>
  kernelFunction({
    key: `layerNorm.${dtypesKey(inputs)}`,
    parameters: {
      x: "i32", gain: "i32", offset: "i32", y: "i32", mean: "i32", reciprocalDeviation: "i32", xRow: "i32", rows: "i32", width: "i32", group: "i32", perWidth: "f32", epsilon: "f32",
    },
    body(code, p) {
      const [xType, gainType, offsetType] = inputs.map(({ dtype }) => dtype) as [DType, DType, DType];
      const perWidth = code.let(f32x4.splat(p.perWidth));
      eachRow(code, p, (row) => {
        const x = code.let(i32.add(p.x, i32.mul(row, p.xRow)));
        const y = code.let(i32.add(p.y, i32.shl(i32.mul(row, p.width), 2)));
        const sums = partials(code, lanes, 0);
        eachVector(code, p.width, lanes, (at, lane, tail) => code.set(sums[lane]!, f32x4.add(sums[lane]!, orZero(readVector(code, xType, x, at), tail))));
        const mean = code.let(f32x4.mul(joinPartials(code, sums, "add"), perWidth));
        const squares = partials(code, lanes, 0);
        eachVector(code, p.width, lanes, (at, lane, tail) => {
          const distance = code.let(orZero(f32x4.sub(readVector(code, xType, x, at), mean), tail));
          code.set(squares[lane]!, code.fusedMultiplyAdd(distance, distance, squares[lane]!));
        });
        const variance = code.let(f32x4.mul(joinPartials(code, squares, "add"), perWidth));
        const reciprocal = code.let(f32x4.div(f32x4.all(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(p.epsilon)))));
        eachVector(code, p.width, 1, (at, _, tail) => {
          const normal = f32x4.mul(f32x4.sub(readVector(code, xType, x, at), mean), reciprocal);
          storeVector(code, y, at, code.fusedMultiplyAdd(normal, readVector(code, gainType, p.gain, at), readVector(code, offsetType, p.offset, at)), tail);
        });
        code.store(i32.add(p.mean, i32.shl(row, 2)), f32x4.extractLane(mean, 0));
        code.store(i32.add(p.reciprocalDeviation, i32.shl(row, 2)), f32x4.extractLane(reciprocal, 0));
      });
    },
  });

const layerNormBackwardFunction = (inputs: readonly Layout[]) =>
  kernelFunction({
    key: `layerNormBackward.${dtypesKey(inputs)}`,
    parameters: {
      x: "i32", gain: "i32", mean: "i32", reciprocalDeviation: "i32", gradient: "i32", dx: "i32",
      xRow: "i32", meanRow: "i32", reciprocalRow: "i32", gradientRow: "i32", rows: "i32", width: "i32", group: "i32", perWidth: "f32",
    },
    body(code, p) {
      const [xType, gainType, meanType, reciprocalType, gradientType] = inputs.map(({ dtype }) => dtype) as [DType, DType, DType, DType, DType];
      const perWidth = code.let(f32x4.splat(p.perWidth));
      eachRow(code, p, (row) => {
        const x = code.let(i32.add(p.x, i32.mul(row, p.xRow)));
        const gradient = code.let(i32.add(p.gradient, i32.mul(row, p.gradientRow)));
        const dx = code.let(i32.add(p.dx, i32.shl(i32.mul(row, p.width), 2)));
        const mean = code.let(f32x4.splat(loadElement(code, i32.add(p.mean, i32.mul(row, p.meanRow)), Number(meanType === "f16"))));
        const reciprocal = code.let(f32x4.splat(loadElement(code, i32.add(p.reciprocalDeviation, i32.mul(row, p.reciprocalRow)), Number(reciprocalType === "f16"))));
        const scaled = (at: I32) => code.let(f32x4.mul(readVector(code, gradientType, gradient, at), readVector(code, gainType, p.gain, at)));
        const normal = (at: I32) => code.let(f32x4.mul(f32x4.sub(readVector(code, xType, x, at), mean), reciprocal));
        const sums = partials(code, lanes, 0);
        const products = partials(code, lanes, 0);
        eachVector(code, p.width, lanes, (at, lane, tail) => {
          const g = code.let(orZero(scaled(at), tail));
          code.set(sums[lane]!, f32x4.add(sums[lane]!, g));
          code.set(products[lane]!, code.fusedMultiplyAdd(g, orZero(normal(at), tail), products[lane]!));
        });
        const meanGradient = code.let(f32x4.mul(joinPartials(code, sums, "add"), perWidth));
        const meanProduct = code.let(f32x4.mul(joinPartials(code, products, "add"), perWidth));
        eachVector(code, p.width, 1, (at, _, tail) => {
          const rest = f32x4.sub(f32x4.sub(scaled(at), meanGradient), f32x4.mul(normal(at), meanProduct));
          storeVector(code, dx, at, f32x4.mul(reciprocal, rest), tail);
        });
      });
    },
  });

export const layerNorm: OpImplementations = [
  {
    name: "layerNormRows",
    generate({ inputs, outputs, attributes }) {
      const [x, gain, offset] = inputs as [Layout, Layout, Layout];
      const [y, mean, reciprocalDeviation] = outputs as [Layout, Layout, Layout];
      const [rows, width] = x.shape as [number, number];
      const group = rowsPerTask(width);
      return {
        phases: [
          phase(layerNormFunction(inputs), Math.ceil(rows / group), {
            x: address(x), gain: address(gain), offset: address(offset), y: address(y), mean: address(mean), reciprocalDeviation: address(reciprocalDeviation),
            xRow: rowBytes(x), rows, width, group, perWidth: 1 / width, epsilon: Number(attributes.epsilon),
          }),
        ],
      };
    },
  },
];

export const layerNormBackward: OpImplementations = [
  {
    name: "layerNormBackwardRows",
    generate({ inputs, outputs }) {
      const [x, gain, mean, reciprocalDeviation, gradient] = inputs as [Layout, Layout, Layout, Layout, Layout];
      const [rows, width] = x.shape as [number, number];
      const group = rowsPerTask(width);
      return {
        phases: [
          phase(layerNormBackwardFunction(inputs), Math.ceil(rows / group), {
            x: address(x), gain: address(gain), mean: address(mean), reciprocalDeviation: address(reciprocalDeviation), gradient: address(gradient), dx: address(outputs[0]!),
            xRow: rowBytes(x), meanRow: rowBytes(mean), reciprocalRow: rowBytes(reciprocalDeviation), gradientRow: rowBytes(gradient), rows, width, group, perWidth: 1 / width,
          }),
        ],
      };
    },
  },
];
