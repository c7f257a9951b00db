import { key } from "@multiway/random";
import { compile, constant, grad, realize, type Device, type Tensor } from "@multiway/tensor";
import { compareArrays, type Tolerance } from "../compare.ts";
import { leafOn, preciseLeafOn } from "./inputs.ts";
import { countOf, type Plain } from "./plain.ts";
import type { Samples } from "./sample.ts";
import { drawn } from "./values.ts";

/** A sample as a function of its f32 inputs alone, to one number: Σ weights · results. */
interface Differentiated {
  label: string;
  order: number;
  /** Positions of the inputs that are differentiated. */
  varied: number[];
  inputs: Plain[];
  loss(varied: readonly Tensor[], all: readonly Tensor[]): Tensor;
}

function differentiated(group: Samples): Differentiated[] {
  return group.samples.flatMap((sample, position) => {
    const inputs = sample.inputs.map((_, index) => drawn(group, position, index));
    const varied = inputs.flatMap(({ dtype }, index) => (dtype === "f32" ? [index] : []));
    if (sample.gradient === 0 || varied.length === 0) return [];
    const loss = (given: readonly Tensor[], all: readonly Tensor[]) => {
      const results = group.run(all.map((tensor, index) => given[varied.indexOf(index)] ?? tensor), sample.options);
      const terms = results.filter((y) => y.dtype === "f32").map((y, index) => y.mul(randomLike(y.shape, index + 1)).sum());
      return terms.reduce((sum, term) => sum.add(term));
    };
    return [{ label: `${group.name} ${sample.label}`, order: sample.gradient, varied, inputs, loss }];
  });
}

const randomLike = (shape: readonly number[], seed: number): Tensor => constant(key(seed).normal(countOf(shape)), { shape });

const largestError = 1e-6;

/**
 * On the reference device, in float64: the gradient along a random direction against differences of nearby values (four points, so that the
 * error falls with the fourth power of the distance), and the gradient of that again.
 */
export async function checkGradients(group: Samples, device: Device): Promise<string[]> {
  const problems: string[] = [];
  for (const { label, order, varied, inputs, loss } of differentiated(group)) {
    const direction = inputs.map(({ data }, index) => [...key(1000 + index).normal(data.length)]);
    const all = inputs.map((x) => preciseLeafOn(device, x));
    const moved = (distance: number) => varied.map((index) => preciseLeafOn(device, { ...inputs[index]!, data: inputs[index]!.data.map((value, i) => value + distance * direction[index]![i]!) }));
    const along = (gradients: readonly (Tensor | undefined)[]): Tensor =>
      gradients.reduce<Tensor>((sum, gradient, position) => {
        const index = varied[position]!;
        return gradient ? sum.add(gradient.mul(constant(Float32Array.from(direction[index]!), { shape: inputs[index]!.shape })).sum()) : sum;
      }, constant(0));
    const first = (x: readonly Tensor[]) => loss(x, all);
    const second = (x: readonly Tensor[]) => along(grad(first)(x));
    for (const [name, f] of [["gradient", first], ["second gradient", second]].slice(0, order) as [string, typeof first][]) {
      try {
        const item = async (x: Tensor) => await (await realize(x, { device })).item();
        const analytic = await item(along(grad(f)(varied.map((index) => all[index]!))));
        const h = 1e-3;
        const values: number[] = [];
        for (const distance of [-2 * h, -h, h, 2 * h]) values.push(await item(f(moved(distance))));
        const numeric = (values[0]! - 8 * values[1]! + 8 * values[2]! - values[3]!) / (12 * h);
        // Differences lose the digits that the values share.
        const scale = Math.max(1, Math.abs(numeric), ...values.map((value) => 1e-6 * Math.abs(value)));
        if (!(Math.abs(analytic - numeric) <= largestError * scale)) problems.push(`${label}: the ${name} along a direction is ${analytic}; differences give ${numeric}.`);
      } catch (error) {
        problems.push(`${label}: the ${name} fails: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  return problems;
}

/** Gradients, compiled on the device, against those of the reference device. */
export async function compareGradients(group: Samples, device: Device, referee: Device, tolerance: Tolerance): Promise<string[]> {
  const cases = differentiated(group);
  if (cases.length === 0) return [];
  const all = (given: readonly (readonly Tensor[])[]) => cases.map(({ varied, loss }, position) => grad((x: readonly Tensor[]) => loss(x, given[position]!))(varied.map((index) => given[position]![index]!)));
  const gradientsOn = async (where: Device) => {
    const leaves = cases.map(({ inputs }) => inputs.map((x) => leafOn(where, x)));
    const result: (Tensor | undefined)[][] = compile(all, { device: where, name: `gradient of ${group.name}` })(leaves) as Tensor[][];
    const read: (ArrayLike<number> | undefined)[][] = [];
    for (const tensors of result) {
      const arrays: (ArrayLike<number> | undefined)[] = [];
      for (const tensor of tensors) arrays.push(await tensor?.data());
      read.push(arrays);
    }
    return read;
  };
  const expected = await gradientsOn(referee);
  const actual = await gradientsOn(device);
  return cases.flatMap(({ label, varied, inputs }, position) =>
    varied.flatMap((index, order) => {
      const [is, wanted] = [actual[position]![order], expected[position]![order]];
      if (!is || !wanted) return is === wanted ? [] : [`${label}: input ${index} has a gradient on one device alone.`];
      const data = Float64Array.from(wanted);
      const size = Math.max(1, ...data.map(Math.abs).filter(Number.isFinite));
      const problem = compareArrays(Float64Array.from(is), data, { label: `${label}, gradient of input ${index}`, shape: inputs[index]!.shape, relative: tolerance.relative, absolute: tolerance.absolute * size });
      return problem === undefined ? [] : [problem];
    }),
  );
}
