import { OptionError } from "@multiway/errors";

/** A learning rate by optimizer step, counted from 0. */
export type Schedule = (step: number) => number;

export interface WarmupCosineOptions {
  /** The highest rate. */
  peak: number;
  /** Steps from 0 to the peak, both ends included. Default 0. */
  warmupSteps?: number;
  /** All steps, warm-up included. */
  totalSteps: number;
  /** Where the cosine ends. Default 0. */
  minimum?: number;
}

/**
 * A straight rise, then half a cosine down (Loshchilov and Hutter 2017, "SGDR").
 *
 * With w warm-up steps: `peak · i / (w − 1)` for i < w, then `min + ½ (peak − min)(1 + cos(π (i − w) / (total − w)))`, the end points of
 * microsoft/unilm: beit3/utils.py. Steps beyond the last keep its rate.
 */
export function warmupCosine({ peak, warmupSteps = 0, totalSteps, minimum = 0 }: WarmupCosineOptions): Schedule {
  if (!(warmupSteps >= 0 && totalSteps >= warmupSteps)) throw new OptionError(`warmupCosine: ${warmupSteps} warm-up steps of ${totalSteps}; expected 0 up to all of them.`);
  return (step) => {
    const i = Math.min(Math.max(0, step), totalSteps - 1);
    if (i < warmupSteps) return warmupSteps === 1 ? 0 : (peak * i) / (warmupSteps - 1);
    return minimum + 0.5 * (peak - minimum) * (1 + Math.cos((Math.PI * (i - warmupSteps)) / Math.max(1, totalSteps - warmupSteps)));
  };
}

/** One rate for all steps. */
export const constantSchedule =
  (rate: number): Schedule =>
  () =>
    rate;
