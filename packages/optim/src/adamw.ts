import { namedParameters } from "./parameters.ts";
import { OptionError } from "@multiway/errors";
import { atPath, full, mapTree, Tensor, where, type Device } from "@multiway/tensor";

/** What a group of parameters does differently. */
export interface ParameterGroup {
  /** Factor of the learning rate. Default 1. */
  learningRateScale?: number;
  /** Instead of the optimizer's. */
  weightDecay?: number;
}

export interface AdamWOptions {
  /** Decay of the two running means. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  epsilon?: number;
  /** Per step, times the learning rate. Default 0.01. */
  weightDecay?: number;
  /** The group of a parameter, by its name and tensor. Default: {@link noDecayForVectors}. */
  groupOf?: (name: string, parameter: Tensor) => ParameterGroup;
}

/** What AdamW remembers. A tree, to be donated with the model. */
export interface AdamWState {
  /** Number of updates so far, f32 scalar. */
  step: Tensor;
  /** Running mean of gradients, by parameter name. */
  firstMoment: Record<string, Tensor>;
  /** Running mean of squared gradients. */
  secondMoment: Record<string, Tensor>;
}

/** No weight decay for biases and norms: tensors with fewer than two axes. */
export const noDecayForVectors = (_name: string, parameter: Tensor): ParameterGroup => (parameter.rank < 2 ? { weightDecay: 0 } : {});

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2; PyTorch's order of operations).
 *
 * Pure: `update` gives new trees. A parameter whose gradient does not exist (undefined) stays bit for bit as it is; one whose gradient
 * is zero still decays.
 *
 * ```ts
 * const adamw = new AdamW({ weightDecay: 0.05 });
 * let state = adamw.init(model, device);
 * const step = compile((model: Net, state: AdamWState, x: Tensor, learningRate: Tensor) => {
 *   const [loss, gradients] = valueAndGrad((model: Net) => model.loss(x))(model);
 *   return { loss, ...adamw.update(model, gradients, state, { learningRate }) };
 * }, { donate: [0, 1] });
 * ```
 */
export class AdamW {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly groupOf: (name: string, parameter: Tensor) => ParameterGroup;

  constructor(options: AdamWOptions = {}) {
    this.betas = options.betas ?? [0.9, 0.999];
    this.epsilon = options.epsilon ?? 1e-8;
    this.weightDecay = options.weightDecay ?? 0.01;
    this.groupOf = options.groupOf ?? noDecayForVectors;
    for (const beta of this.betas) if (!(beta >= 0 && beta < 1)) throw new OptionError(`AdamW: betas are [${this.betas.join(", ")}]; expected each 0 up to, not including, 1.`);
    if (!(this.epsilon > 0)) throw new OptionError(`AdamW: epsilon is ${this.epsilon}; expected a number above 0.`);
  }

  /** Moments of zeros for every parameter of a tree that learns. */
  init(model: unknown, device: Device): AdamWState {
    const zeros = () => Object.fromEntries(namedParameters(model).map(({ name, tensor }) => [name, device.zeros(tensor.shape)]));
    return { step: device.tensor(0), firstMoment: zeros(), secondMoment: zeros() };
  }

  /**
   * One step.
   *
   * @param gradients  a tree like `model`, as `grad` gives it
   * @param learningRate  of this step: a number, or a scalar tensor inside a compiled function
   * @returns the model and the state afterwards
   */
  update<M>(model: M, gradients: M, state: AdamWState, { learningRate }: { learningRate: number | Tensor }): { model: M; state: AdamWState } {
    const [beta1, beta2] = this.betas;
    const step = state.step.add(1);
    // These undo the bias of moments that started at zero. As factors, since each element would pay for a division.
    const correction1 = oneMinusPower(beta1, step).reciprocal();
    const correction2 = oneMinusPower(beta2, step).rsqrt();
    const next: AdamWState = { step, firstMoment: { ...state.firstMoment }, secondMoment: { ...state.secondMoment } };
    const learns = new Set(namedParameters(model).map(({ name }) => name));
    const updated = mapTree(model, (parameter, name) => {
      const gradient = atPath(gradients, name);
      const [first, second] = [state.firstMoment[name], state.secondMoment[name]];
      if (!(gradient instanceof Tensor) || !learns.has(name)) return parameter;
      if (!first || !second) throw new OptionError(`AdamW.update: the state knows no parameter "${name}"; expected a state made by init() for this model. Was a module unfrozen or added since?`);
      const { learningRateScale = 1, weightDecay = this.weightDecay } = this.groupOf(name, parameter);
      const m = first.mul(beta1).add(gradient.mul(1 - beta1));
      const v = second.mul(beta2).add(gradient.square().mul(1 - beta2));
      next.firstMoment[name] = m;
      next.secondMoment[name] = v;
      const rate = typeof learningRate === "number" ? learningRate * learningRateScale : learningRate.mul(learningRateScale);
      const decayed = weightDecay === 0 ? parameter : typeof rate === "number" ? parameter.mul(1 - rate * weightDecay) : parameter.mul(rate.mul(-weightDecay).add(1));
      return decayed.sub(m.div(v.sqrt().mul(correction2).add(this.epsilon)).mul(correction1.mul(rate)));
    });
    return { model: updated, state: next };
  }
}

/** 1 − βᵗ. Near t · log β = 0, in the first steps, 1 − exp would leave f32 only three digits: there by its series. */
function oneMinusPower(beta: number, step: Tensor): Tensor {
  if (beta === 0) return full([], 1);
  const x = step.mul(Math.log(beta));
  // −x (1 + x/2 (1 + x/3 (1 + x/4 (1 + x/5 (1 + x/6)))))
  let series: Tensor = x.div(6).add(1);
  for (const divisor of [5, 4, 3, 2]) series = series.mul(x.div(divisor)).add(1);
  return where(x.greater(-0.25), series.mul(x).neg(), x.exp().neg().add(1));
}
