import { at, nothing, reads, writes, type OpKernelChoice } from "./op-kernel.ts";
import { rowReductions, rowThreads } from "./row-sum.ts";

/** A workgroup per row: the mean, then the mean squared distance from it, then the row. */
const layerNormRow: OpKernelChoice = {
  name: "layerNormRow",
  accepts: () => true,
  plan({ label, inputs, outputs, attributes }, limits) {
    const [x, gain, offset] = inputs as [typeof inputs[0], typeof inputs[0], typeof inputs[0]];
    const [y, mean, deviation] = outputs as [typeof outputs[0], typeof outputs[0], typeof outputs[0]];
    const [rows, width] = x.shape as [number, number];
    if (rows === 0) return nothing;
    const threads = rowThreads(width, limits.maxWorkgroupSize);
    const join = rowReductions(threads, limits);
    const each = `for (var i = lane; i < ${width}u; i += ${threads}u)`;
    return {
      scratchBytes: [],
      stages: [
        {
          label: `${label} layerNormRow`,
          views: [reads("x", x), reads("gain", gain), reads("offset", offset), writes("y", y), writes("mean", mean), writes("deviation", deviation)],
          workgroupSize: threads,
          workgroups: rows,
          ...join.stage,
          body: `
  let row = group;${join.start}
  var sum = 0.0f;
  ${each} { sum += load_x(${at(x, ["row", "i"])}); }
  let mean = ${join.sum("sum")} / ${width}.0f;
  var squares = 0.0f;
  ${each} {
    let distance = load_x(${at(x, ["row", "i"])}) - mean;
    squares += distance * distance;
  }
  let deviation = 1.0f / sqrt(${join.sum("squares")} / ${width}.0f + ${float(attributes.epsilon as number)});
  ${each} {
    let normal = (load_x(${at(x, ["row", "i"])}) - mean) * deviation;
    store_y(row * ${width}u + i, normal * load_gain(${at(gain, ["i"])}) + load_offset(${at(offset, ["i"])}));
  }
  if (lane == 0u) {
    store_mean(row, mean);
    store_deviation(row, deviation);
  }`,
        },
      ],
    };
  },
};

/** dx = deviation · (g − mean(g) − n · mean(g · n)) with g = gradient · gain and n = (x − mean) · deviation. */
const layerNormBackwardRow: OpKernelChoice = {
  name: "layerNormBackwardRow",
  accepts: () => true,
  plan({ label, inputs, outputs }, limits) {
    const [x, gain, mean, deviation, gradient] = inputs as [typeof inputs[0], typeof inputs[0], typeof inputs[0], typeof inputs[0], typeof inputs[0]];
    const [rows, width] = x.shape as [number, number];
    if (rows * width === 0) return nothing;
    const threads = rowThreads(width, limits.maxWorkgroupSize);
    const join = rowReductions(threads, limits);
    const each = `for (var i = lane; i < ${width}u; i += ${threads}u)`;
    const terms = `let normal = (load_x(${at(x, ["row", "i"])}) - mean) * deviation;
    let scaled = load_gradient(${at(gradient, ["row", "i"])}) * load_gain(${at(gain, ["i"])});`;
    return {
      scratchBytes: [],
      stages: [
        {
          label: `${label} layerNormBackwardRow`,
          views: [reads("x", x), reads("gain", gain), reads("mean", mean), reads("deviation", deviation), reads("gradient", gradient), writes("dx", outputs[0]!)],
          workgroupSize: threads,
          workgroups: rows,
          ...join.stage,
          body: `
  let row = group;${join.start}
  let mean = load_mean(${at(mean, ["row"])});
  let deviation = load_deviation(${at(deviation, ["row"])});
  var sum = 0.0f;
  var products = 0.0f;
  ${each} {
    ${terms}
    sum += scaled;
    products += scaled * normal;
  }
  let mean_scaled = ${join.sum("sum")} / ${width}.0f;
  let mean_product = ${join.sum("products")} / ${width}.0f;
  ${each} {
    ${terms}
    store_dx(row * ${width}u + i, deviation * (scaled - mean_scaled - normal * mean_product));
  }`,
        },
      ],
    };
  },
};

/** A finite number as an f32 literal. */
export const float = (value: number): string => {
  const rounded = Math.fround(value);
  return `${String(rounded)}${Number.isInteger(rounded) && Math.abs(rounded) < 1e21 ? ".0" : ""}f`;
};

export const layerNormKernels: readonly OpKernelChoice[] = [layerNormRow];
export const layerNormBackwardKernels: readonly OpKernelChoice[] = [layerNormBackwardRow];
