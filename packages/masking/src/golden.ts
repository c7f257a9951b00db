import { parseSafetensors } from "@multiway/checkpoint";
import { DataError } from "@multiway/errors";
import { key } from "@multiway/random";
import { blockMask } from "./block-mask.ts";
import { drawsFrom, type Draws } from "./draws.ts";

/** One compared result: `worst` is the largest error over its tolerance; of exact values 0 or Infinity. */
export interface GoldenResult {
  name: string;
  passed: boolean;
  worst: number;
  where: string;
}

/** The kinds of manifests that {@link runMaskCase} takes. */
export const maskKinds: readonly string[] = ["beit2.masks"];

type RecordedDraw = ["uniform" | "randint", low: number, high: number, value: number] | ["choice", a: number, b: number, chosen: number[]];

interface MaskManifest {
  kind: string;
  config: { grid: [number, number]; masked: number; min_block: number; max_block: number | null; min_aspect: number };
  samples: number;
  replay: { draws: RecordedDraw[] }[];
  statistics: { standard_errors: { cell_frequency: number } };
  files: string[];
}

/**
 * Runs a golden case of block-wise masks: recorded draws must give the recorded masks, and as many masks of our own must have the recorded counts and, within four
 * standard errors, mask each patch as often.
 *
 * @param readFile gives the bytes of a file that the manifest names
 */
export async function runMaskCase(manifest: unknown, readFile: (name: string) => Promise<Uint8Array>): Promise<GoldenResult[]> {
  const { config, samples, replay, statistics, files } = manifest as MaskManifest;
  const tensorFile = files?.find((name) => name.endsWith(".safetensors"));
  if (!config || !Array.isArray(replay) || !tensorFile) throw new DataError("runMaskCase: the manifest lacks config, replay or a safetensors file; expected a case of kind beit2.masks.");
  const { tensors } = parseSafetensors(await readFile(tensorFile));
  const options = { rows: config.grid[0], columns: config.grid[1], count: config.masked, minBlock: config.min_block, minAspect: config.min_aspect, ...(config.max_block === null ? {} : { maxBlock: config.max_block }) };
  const size = options.rows * options.columns;
  const results: GoldenResult[] = [];
  const exact = (name: string, wrong: string | undefined) => results.push({ name, passed: wrong === undefined, worst: wrong === undefined ? 0 : Infinity, where: wrong ?? "" });

  const expected = tensors.get("outputs/masks")!.toHost();
  exact("outputs/masks", firstWrongMask(replay.map(({ draws }) => blockMask(options, replayed(draws))), expected));

  const frequency = new Float64Array(size);
  let miscounted: string | undefined;
  for (let sample = 0; sample < samples; sample++) {
    const mask = blockMask(options, drawsFrom(key(sample)));
    const count = mask.reduce((sum, value) => sum + value, 0);
    if (count !== tensors.get("outputs/masked_count")!.toHost()[sample]) miscounted ??= `mask ${sample} hides ${count} patches`;
    mask.forEach((value, patch) => (frequency[patch]! += value / samples));
  }
  exact("outputs/masked_count", miscounted);

  // Two independent samples: their difference has √2 times the error of one.
  const allowed = 4 * Math.SQRT2 * statistics.standard_errors.cell_frequency;
  const recorded = tensors.get("outputs/cell_frequency")!.toHost({ widens: true });
  let [worst, where] = [0, ""];
  frequency.forEach((value, patch) => {
    const error = Math.abs(value - recorded[patch]!) / allowed;
    if (error > worst) [worst, where] = [error, `patch ${patch}: ${value.toFixed(4)}, expected ${recorded[patch]!.toFixed(4)}`];
  });
  results.push({ name: "outputs/cell_frequency", passed: worst <= 1, worst, where });
  return results;
}

function firstWrongMask(masks: readonly Uint8Array[], expected: ArrayLike<number>): string | undefined {
  for (const [index, mask] of masks.entries()) {
    const patch = mask.findIndex((value, place) => value !== expected[index * mask.length + place]);
    if (patch >= 0) return `mask ${index}, patch ${patch}`;
  }
  return undefined;
}

/** Hands out recorded draws; being asked for anything else is a failure. */
function replayed(draws: readonly RecordedDraw[]): Draws {
  let next = 0;
  const take = (kind: RecordedDraw[0], low: number, high: number): RecordedDraw => {
    const draw = draws[next++];
    const fits = draw?.[0] === kind && (kind === "choice" || (Math.abs(draw[1] - low) < 1e-9 && Math.abs(draw[2] - high) < 1e-9));
    if (!fits) throw new DataError(`runMaskCase: draw ${next - 1} is recorded as ${JSON.stringify(draw)}, but ${kind}(${low}, ${high}) was asked for.`);
    return draw;
  };
  return {
    uniform: (low, high) => take("uniform", low, high)[3] as number,
    integer: (low, high) => take("randint", low, high)[3] as number,
    choice: (count, from) => take("choice", count, from)[3] as number[],
  };
}
