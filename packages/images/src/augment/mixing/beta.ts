import type { Key } from "@multiway/random";

/** A number from the beta distribution with both parameters `alpha`, as mixup draws its share. */
export function drawBeta(alpha: number, key: Key): number {
  const [forFirst, forSecond] = key.split(2) as [Key, Key];
  // Logarithms, because both numbers underflow for a small alpha.
  const first = logGamma(alpha, forFirst);
  const second = logGamma(alpha, forSecond);
  return 1 / (1 + Math.exp(second - first));
}

/**
 * The logarithm of a number from the gamma distribution with shape `alpha` and scale 1.
 *
 * Source: Marsaglia and Tsang 2000, "A simple method for generating gamma variables"; below 1 by their remark on U^(1/alpha).
 */
function logGamma(alpha: number, key: Key): number {
  const [forBoost, forTries] = key.split(2) as [Key, Key];
  const boost = alpha < 1 ? Math.log(1 - forBoost.number()) / alpha : 0;
  const shape = (alpha < 1 ? alpha + 1 : alpha) - 1 / 3;
  for (let attempt = 0; ; attempt++) {
    const [forNormal, forUniform] = forTries.fold(attempt).split(2) as [Key, Key];
    const x = forNormal.normal(1)[0]!;
    const cube = (1 + x / Math.sqrt(9 * shape)) ** 3;
    if (cube <= 0) continue;
    const accepts = Math.log(1 - forUniform.number()) < 0.5 * x * x + shape - shape * cube + shape * Math.log(cube);
    if (accepts) return Math.log(shape * cube) + boost;
  }
}
