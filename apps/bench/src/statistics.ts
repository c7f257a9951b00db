export interface Summary {
  medianMs: number;
  p10Ms: number;
  p90Ms: number;
}

/** The value below which a share of the samples lies, with linear interpolation between neighbours. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((x, y) => x - y);
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.ceil(place);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (place - low);
}

/** Over the iterations of all rounds together. */
export const summarise = (samplesMs: readonly number[]): Summary => ({
  medianMs: quantile(samplesMs, 0.5),
  p10Ms: quantile(samplesMs, 0.1),
  p90Ms: quantile(samplesMs, 0.9),
});

/** So far above the fastest a round counts as slow. */
export const calmSpread = 0.15;

/**
 * Whether rounds disagree: more than a quarter of them are slow, so that they may move the median.
 *
 * @param rounds  the samples of each
 */
export function isRestless(rounds: readonly (readonly number[])[]): boolean {
  const medians = rounds.map((samples) => quantile(samples, 0.5));
  const bound = (1 + calmSpread) * Math.min(...medians);
  return 4 * medians.filter((median) => median > bound).length > medians.length;
}

/** @param flops  of one iteration */
export const gigaflops = (flops: number | undefined, ms: number): number | null => (flops === undefined ? null : flops / ms / 1e6);
