/** What is kept of a result, to see that two targets computed the same. */
export interface Digest {
  length: number;
  meanAbsolute: number;
  /** Elements at fixed places, spread over the result. */
  samples: number[];
}

const numSamples = 64;

/** Where the samples lie: from the first element to the last. */
export const samplePlace = (sample: number, length: number): number => Math.floor((sample * (length - 1)) / (numSamples - 1));

export function digestOf(values: ArrayLike<number>): Digest {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]!);
  const samples = Array.from({ length: Math.min(numSamples, values.length) }, (_, sample) => values[values.length <= numSamples ? sample : samplePlace(sample, values.length)]!);
  return { length: values.length, meanAbsolute: sum / Math.max(1, values.length), samples };
}

/** The largest difference between two digests, as a fraction of the mean absolute value of the first; NaN anywhere counts as infinite. */
export function differenceOf(expected: Digest, actual: Digest): number {
  if (expected.length !== actual.length) return Infinity;
  const scale = expected.meanAbsolute || 1;
  let worst = Math.abs(actual.meanAbsolute - expected.meanAbsolute) / scale;
  expected.samples.forEach((sample, index) => (worst = Math.max(worst, Math.abs(actual.samples[index]! - sample) / scale)));
  return Number.isNaN(worst) ? Infinity : worst;
}
