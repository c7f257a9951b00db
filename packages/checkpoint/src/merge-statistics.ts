/** Figures of a tensor's elements, or of several tensors'. */
export interface TensorStatistics {
  elementCount: number;
  nanCount: number;
  infinityCount: number;
  /** Of the finite elements, as all below; undefined when there are none. */
  min: number | undefined;
  max: number | undefined;
  mean: number | undefined;
  /** √(mean of (x − mean)²). */
  deviation: number | undefined;
}

export const noElements: TensorStatistics = { elementCount: 0, nanCount: 0, infinityCount: 0, min: undefined, max: undefined, mean: undefined, deviation: undefined };

/** Figures of two sets of elements together (Chan, Golub, LeVeque 1979). */
export function mergeStatistics(a: TensorStatistics, b: TensorStatistics): TensorStatistics {
  const counts = { elementCount: a.elementCount + b.elementCount, nanCount: a.nanCount + b.nanCount, infinityCount: a.infinityCount + b.infinityCount };
  if (a.mean === undefined || b.mean === undefined) {
    const { min, max, mean, deviation } = a.mean === undefined ? b : a;
    return { ...counts, min, max, mean, deviation };
  }
  const [countA, countB] = [a, b].map(({ elementCount, nanCount, infinityCount }) => elementCount - nanCount - infinityCount) as [number, number];
  const count = countA + countB;
  const step = b.mean - a.mean;
  const squares = a.deviation! ** 2 * countA + b.deviation! ** 2 * countB + (step ** 2 * countA * countB) / count;
  return { ...counts, min: Math.min(a.min!, b.min!), max: Math.max(a.max!, b.max!), mean: a.mean + (step * countB) / count, deviation: Math.sqrt(squares / count) };
}
