import { formatValue, OptionError } from "@multiway/errors";

/** A random policy of timm, taken apart. */
export interface AutoAugmentPolicy {
  /** Strength of each operation, 0 … 10; `m`, default 10. */
  readonly magnitude: number;
  /** How many operations are drawn; `n`, default 2. */
  readonly operations: number;
  /** Standard deviation of the strength; infinite: uniform from 0 to `magnitude`; `mstd`, default 0. */
  readonly magnitudeStd: number;
  /** The strength is cut to 0 … this; `mmax`, default 10. */
  readonly maxMagnitude: number;
  /** Probability that a drawn operation is carried out; `p`, default 0.5. */
  readonly probability: number;
  /** Whether every operation gets stronger with the magnitude; `inc1`, default false. */
  readonly isIncreasing: boolean;
  /** Draw by timm's weights, without repetition, instead of evenly; `w0`, default false. */
  readonly isWeighted: boolean;
}

/** The policy that ImageNet tuning of BEiT-3 uses. */
export const beit3AutoAugment = "rand-m9-mstd0.5-inc1";

type Change = (value: number) => Partial<AutoAugmentPolicy> | undefined;

const settings: Record<string, Change> = {
  m: (value) => ({ magnitude: value }),
  n: (value) => (Number.isInteger(value) ? { operations: value } : undefined),
  // As in timm, more than 100 stands for a uniform strength.
  mstd: (value) => ({ magnitudeStd: value > 100 ? Infinity : value }),
  mmax: (value) => ({ maxMagnitude: value }),
  p: (value) => (value <= 1 ? { probability: value } : undefined),
  // timm takes any number here for true, "inc0" as well; we take 0 for what it says.
  inc: (value) => ({ isIncreasing: value !== 0 }),
  w: (value) => (value === 0 ? { isWeighted: true } : undefined),
};

/**
 * Reads a policy string of timm, such as `rand-m9-mstd0.5-inc1`.
 *
 * @throws OptionError for the fixed policies (`original`, `v0`, `augmix`) and for parts that are unknown
 * Source: timm 0.4.12, `auto_augment.py`, `rand_augment_transform`.
 */
export function parseAutoAugment(text: string): AutoAugmentPolicy {
  const expected = 'expected "rand" followed by -m9, -n2, -mstd0.5, -mmax10, -p0.5, -inc1 or -w0, for example "rand-m9-mstd0.5-inc1"';
  if (typeof text !== "string") throw new OptionError(`parseAutoAugment: the policy is ${formatValue(text)}; ${expected}.`);
  const [name, ...parts] = text.split("-");
  if (name !== "rand") throw new OptionError(`parseAutoAugment: the policy is ${formatValue(text)}; ${expected}.`);
  let policy: AutoAugmentPolicy = { magnitude: 10, operations: 2, magnitudeStd: 0, maxMagnitude: 10, probability: 0.5, isIncreasing: false, isWeighted: false };
  for (const part of parts) {
    const [, letters = "", digits = ""] = /^([a-z]+)(\d+(?:\.\d+)?)$/.exec(part) ?? [];
    const change = Object.hasOwn(settings, letters) ? settings[letters]!(Number(digits)) : undefined;
    if (!change) throw new OptionError(`parseAutoAugment: the policy ${formatValue(text)} has the part ${formatValue(part)}; ${expected}.`);
    policy = { ...policy, ...change };
  }
  return policy;
}
