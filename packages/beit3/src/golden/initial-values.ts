import { DataError, formatValue } from "@multiway/errors";
import { initialise } from "@multiway/nn";
import { key } from "@multiway/random";
import { initialiserOf, type Device } from "@multiway/tensor";
import { MultiwayTransformer } from "@multiway/transformer";
import { countOf, failed, type GoldenResult, type ReadFile } from "@multiway/transformer/golden";
import { beit3Base } from "../presets.ts";
import { releasedHead, type ReleasedTask } from "../released-heads.ts";

/** What a parameter begins as: the same everywhere, or numbers with a spread. */
type Expected = { constant: number } | { mean: number; std: number; min: number; max: number; count: number };

interface Statistics {
  mean: number;
  std: number;
  min: number;
  max: number;
}

const tasks: Readonly<Record<string, ReleasedTask>> = { classification: "classification", retrieval: "retrieval", captioning: "captioning", vqa: "vqa", nlvr2: "reasoning" };

/** Freshly built models: constants, and the spread of random values, within what chance allows. */
export async function runInitialValues(manifest: unknown, _readFile: ReadFile, device: Device): Promise<GoldenResult[]> {
  const { config, encoder, heads } = manifest as { config?: Record<string, unknown>; encoder?: Record<string, Expected>; heads?: Record<string, Record<string, Expected>> };
  if (!config || !encoder || !heads) throw new DataError(`golden: the manifest has ${formatValue(manifest)}; expected config, encoder and heads.`);
  const sizes = { embedDim: countOf(config, "embed_dim"), vocabularySize: countOf(config, "vocab_size") };
  const patchSize = countOf(config, "patch_size");
  const options = {
    ...beit3Base({ imageSize: countOf(config, "img_size"), patchSize }),
    ...sizes,
    numLayers: countOf(config, "layers"),
    numHeads: countOf(config, "heads"),
    ffnDim: countOf(config, "ffn_dim"),
    textPositions: countOf(config, "max_source_positions"),
  };
  // As many models as the manifest's values were taken over.
  const table = encoder["beit3.text_embed.weight"];
  const numModels = table && "count" in table ? table.count / (sizes.vocabularySize * sizes.embedDim) : NaN;
  if (!Number.isInteger(numModels)) throw new DataError("golden: the manifest's count of values in beit3.text_embed.weight is that of no whole number of models.");
  const seeds = Array.from({ length: numModels }, (_, seed) => seed);
  const values = new Map<string, number[]>();
  for (const seed of seeds) {
    const model = await initialise(new MultiwayTransformer(options), { device, key: seed });
    for (const { name, tensor } of model.tensors()) append(values, MultiwayTransformer.officialNames.toOfficial(name)!, await tensor.data());
  }
  const results = compareAll("", values, encoder);
  for (const [head, expected] of Object.entries(heads)) {
    const task = Object.hasOwn(tasks, head) ? tasks[head]! : undefined;
    if (!task) {
      results.push(failed(head, `no head of this name; expected ${Object.keys(tasks).join(", ")}`));
      continue;
    }
    // Reasoning has two answers, whatever the number of classes.
    const parameters = releasedHead(task, task === "reasoning" ? sizes : { ...sizes, numClasses: countOf(config, "num_classes") });
    const made = new Map<string, number[]>();
    for (const [index, [name, tensor]] of Object.entries(parameters).entries()) {
      for (const seed of seeds) append(made, name, initialiserOf(tensor)!(key(seed).fold(index), tensor.shape));
    }
    results.push(...compareAll(`${head} `, made, expected));
  }
  return results;
}

function append(values: Map<string, number[]>, name: string, more: ArrayLike<number>): void {
  const list = values.get(name) ?? [];
  for (let index = 0; index < more.length; index++) list.push(more[index]!);
  values.set(name, list);
}

function compareAll(before: string, values: ReadonlyMap<string, number[]>, expected: Readonly<Record<string, Expected>>): GoldenResult[] {
  const unexpected = [...values.keys()].filter((name) => !Object.hasOwn(expected, name)).map((name) => failed(before + name, "the official model has no such parameter"));
  const compared = Object.entries(expected).map(([name, rule]) => {
    const list = values.get(name);
    if (!list) return failed(before + name, "our model has no such parameter");
    return "constant" in rule ? compareConstant(before + name, list, rule.constant) : compareSpread(before + name, list, rule);
  });
  return [...compared, ...unexpected];
}

/** The manifest rounds to five digits. */
function compareConstant(name: string, values: readonly number[], constant: number): GoldenResult {
  const wrong = values.find((value) => !(Math.abs(value - constant) <= 5e-5 * Math.abs(constant)));
  return { name, passed: wrong === undefined, worst: wrong === undefined ? 0 : Infinity, where: wrong === undefined ? "" : `${wrong} for ${constant}` };
}

/** Six standard errors of the difference of two samples of this size. */
function compareSpread(name: string, values: readonly number[], expected: Statistics & { count: number }): GoldenResult {
  const { length } = values;
  if (length !== expected.count) return failed(name, `${length} values in all models; expected ${expected.count}`);
  const actual = statisticsOf(values);
  const error = 6 * expected.std * Math.sqrt(2 / length);
  // The extremes of a bounded spread lie close to its bounds, those of a normal one up to some deviations apart.
  const isBounded = Math.max(-expected.min, expected.max) < 2.2 * expected.std;
  const extreme = isBounded ? (20 * (expected.max - expected.min)) / length : 3 * expected.std;
  const allowed: Statistics = { mean: error, std: error, min: extreme, max: extreme };
  const worst = (Object.keys(allowed) as (keyof Statistics)[]).map((part) => ({ part, ratio: Math.abs(actual[part] - expected[part]) / allowed[part] })).reduce((a, b) => (b.ratio > a.ratio ? b : a));
  return { name, passed: worst.ratio <= 1, worst: worst.ratio, where: `${worst.part}: ${actual[worst.part]} for ${expected[worst.part]}` };
}

function statisticsOf(values: readonly number[]): Statistics {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  return { mean, std, min: values.reduce((a, b) => Math.min(a, b), Infinity), max: values.reduce((a, b) => Math.max(a, b), -Infinity) };
}
