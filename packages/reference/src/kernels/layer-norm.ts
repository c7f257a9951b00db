import { demandFloat, demandShape, numberAttribute, type KernelOp } from "../op.ts";
import type { View } from "../view.ts";

/** y = (x − mean) / √(variance + ε) · gain + offset, along rows */
export const layerNorm: KernelOp = ({ inputs, outputs, attributes }) => {
  const [x, gain, offset] = inputs as [View, View, View];
  const [y, mean, reciprocalDeviation] = outputs as [View, View, View];
  const epsilon = numberAttribute(attributes, "epsilon");
  const [rows, width] = x.shape as [number, number];
  demandFloat({ x, gain, offset });
  demandShape({ x, gain, offset, y, mean, reciprocalDeviation }, { x: [rows, width], gain: [width], offset: [width], y: [rows, width], mean: [rows], reciprocalDeviation: [rows] });

  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += x.get(row, i);
    const center = sum / width;
    let squares = 0;
    for (let i = 0; i < width; i++) squares += (x.get(row, i) - center) ** 2;
    const reciprocal = 1 / Math.sqrt(squares / width + epsilon);
    for (let i = 0; i < width; i++) y.set((x.get(row, i) - center) * reciprocal * gain.get(i) + offset.get(i), row, i);
    mean.set(center, row);
    reciprocalDeviation.set(reciprocal, row);
  }
};

/** With n = (x − mean) · r and g = gradient · gain: dx = r · (g − mean(g) − n · mean(g · n)), along rows. */
export const layerNormBackward: KernelOp = ({ inputs, outputs }) => {
  const [x, gain, mean, reciprocalDeviation, gradient] = inputs as [View, View, View, View, View];
  const dx = outputs[0]!;
  const [rows, width] = x.shape as [number, number];
  demandFloat({ x, gain, mean, reciprocalDeviation, gradient });
  demandShape({ x, gain, mean, reciprocalDeviation, gradient, dx }, { x: [rows, width], gain: [width], mean: [rows], reciprocalDeviation: [rows], gradient: [rows, width], dx: [rows, width] });

  for (let row = 0; row < rows; row++) {
    const r = reciprocalDeviation.get(row);
    let sum = 0;
    let product = 0;
    for (let i = 0; i < width; i++) {
      const g = gradient.get(row, i) * gain.get(i);
      sum += g;
      product += g * (x.get(row, i) - mean.get(row)) * r;
    }
    for (let i = 0; i < width; i++) {
      const n = (x.get(row, i) - mean.get(row)) * r;
      dx.set(r * (gradient.get(row, i) * gain.get(i) - sum / width - n * (product / width)), row, i);
    }
  }
};
