import { OptionError } from "@multiway/errors";

/** A learning rate by optimizer step, counted from 0. */
export type Schedule = (step: number) => number;

/** Of {@link warmupCosine} and {@link warmupLinear}. */
export interface WarmupCosineOptions {
  /** The highest rate. */
  peak: number;
  /** Steps from 0 to the peak, both ends included. Default 0. */
  warmupSteps?: number;
  /** All steps, warm-up included. */
  totalSteps: number;
  /** Where the fall ends. Default 0. */
  minimum?: number;
  /** Where the rise begins. Default 0. */
  start?: number;
}

/**
 * A straight rise, then half a cosine down (Loshchilov and Hutter 2017, "SGDR").
 *
 * With w warm-up steps from `start` s: `s + (peak − s) · i / (w − 1)` for i < w, then `min + ½ (peak − min)(1 + cos(π (i − w) / (total − w)))`, the end points of
 * microsoft/unilm: beit3/utils.py. Steps beyond the last keep its rate.
 */
export function warmupCosine(options: WarmupCosineOptions): Schedule {
  const { peak, minimum = 0 } = options;
  return warmup("warmupCosine", options, (i, steps) => minimum + 0.5 * (peak - minimum) * (1 + Math.cos((Math.PI * i) / Math.max(1, steps))));
}

/** A straight rise as of {@link warmupCosine}, then a straight fall; unlike the cosine's, its last step is at the minimum. */
export function warmupLinear(options: WarmupCosineOptions): Schedule {
  const { peak, minimum = 0 } = options;
  return warmup("warmupLinear", options, (i, steps) => peak + ((minimum - peak) * i) / Math.max(1, steps - 1));
}

/** @param fall of the step after the rise, and how many there are */
function warmup(caller: string, { peak, warmupSteps = 0, totalSteps, start = 0 }: WarmupCosineOptions, fall: (i: number, steps: number) => number): Schedule {
  if (!(warmupSteps >= 0 && totalSteps >= warmupSteps)) throw new OptionError(`${caller}: ${warmupSteps} warm-up steps of ${totalSteps}; expected 0 up to all of them.`);
  return (step) => {
    const i = Math.min(Math.max(0, step), totalSteps - 1);
    if (i < warmupSteps) return warmupSteps === 1 ? start : start + ((peak - start) * i) / (warmupSteps - 1);
    return fall(i - warmupSteps, totalSteps - warmupSteps);
  };
}

/** One rate for all steps. */
export const constantSchedule =
  (rate: number): Schedule =>
  () =>
    rate;
