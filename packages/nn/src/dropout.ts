import { OptionError } from "@multiway/errors";
import { randomBernoulli, type RandomKey, type Tensor } from "@multiway/tensor";

function requireRate(name: string, rate: number): void {
  if (!(rate >= 0 && rate < 1)) throw new OptionError(`${name}: rate ${rate}; expected 0 up to, not including, 1.`);
}

/** Zeroes elements with probability `rate` and divides the others by 1 − rate (Srivastava et al. 2014). Without a key, x as it is. */
export function dropout(x: Tensor, rate: number, key: RandomKey | undefined): Tensor {
  requireRate("dropout", rate);
  if (rate === 0 || !key) return x;
  return randomBernoulli(key, 1 - rate, x.shape).where(x.mul(1 / (1 - rate)), 0);
}

/**
 * Stochastic depth: whole samples of a residual branch are dropped with probability `rate`, the others divided by 1 − rate
 * (Huang et al. 2016). Without a key, x as it is.
 *
 * @param x [batch, ...]
 */
export function dropPath(x: Tensor, rate: number, key: RandomKey | undefined): Tensor {
  requireRate("dropPath", rate);
  if (rate === 0 || !key) return x;
  return applyDropPath(x, randomBernoulli(key, 1 - rate, [x.shape[0]!]), rate);
}

/** Stochastic depth with the surviving samples given: bool [batch]. */
export function applyDropPath(x: Tensor, isKept: Tensor, rate: number): Tensor {
  return x.mul(isKept.cast("f32").mul(1 / (1 - rate)).reshape([x.shape[0]!, ...x.shape.slice(1).map(() => 1)]));
}
