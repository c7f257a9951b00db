import { DataError, formatShape, formatValue } from "@multiway/errors";
import type { Shape } from "@multiway/tensor";
import { MultiwayTransformer } from "@multiway/transformer";
import type { GoldenResult } from "@multiway/transformer/golden";
import { decays, layerOf } from "../fine-tuning-groups.ts";
import { beit3Base, beit3Large, type PresetOptions } from "../presets.ts";
import { endsInNorm, releasedHead, type ReleasedTask } from "../released-heads.ts";

interface Release {
  parameters: number;
  layers: number;
  /** First and last layer alone. */
  tensors: Record<string, number[]>;
  /** Layer for the learning rate's decay, and whether weight decay acts. */
  decay?: Record<string, [layer: number, decays: number]>;
}

const presets: Readonly<Record<string, (options: PresetOptions) => ReturnType<typeof beit3Base>>> = { base: beit3Base, large: beit3Large };
const tasks: Readonly<Record<string, ReleasedTask>> = { imageclassification: "classification", vqav2: "vqa", nlvr2: "reasoning", captioning: "captioning", retrieval: "retrieval" };

/** Released models by the name of their factory: our presets must give the same parameters and groups. */
export async function runReleaseShapes(manifest: unknown): Promise<GoldenResult[]> {
  const { models } = manifest as { models?: Record<string, Release> };
  if (typeof models !== "object" || models === null) throw new DataError(`golden: the manifest's models are ${formatValue(models)}; expected released models by name.`);
  return Object.entries(models).flatMap(([name, release]) => compareModel(name, release));
}

function compareModel(name: string, release: Release): GoldenResult[] {
  const [, size = "", imageSize, suffix = ""] = /^beit3_([a-z]+)_patch16_(\d+)_([a-z0-9]+)$/.exec(name) ?? [];
  const preset = Object.hasOwn(presets, size) ? presets[size] : undefined;
  const task = Object.hasOwn(tasks, suffix) ? tasks[suffix] : undefined;
  if (!preset || !task) throw new DataError(`golden: the model ${formatValue(name)}; expected beit3_, ${Object.keys(presets).join(" or ")}, _patch16_, a picture size, and one of ${Object.keys(tasks).join(", ")}.`);
  const options = preset({ imageSize: Number(imageSize) });
  const parameters = releasedParameters(new MultiwayTransformer({ ...options, finalNorm: endsInNorm(task) }), releasedHead(task, options));
  const inList = [...parameters].filter(([official]) => {
    const layer = /\.layers\.(\d+)\./.exec(official)?.[1];
    return layer === undefined || layer === "0" || layer === String(options.numLayers - 1);
  });
  const own: Record<string, string> = Object.fromEntries(inList.map(([official, { shape }]) => [official, formatShape(shape)]));
  const groups = Object.fromEntries(inList.map(([official, { ours, shape }]) => [official, formatShape([layerOf(ours, options.numLayers), Number(decays(ours, { rank: shape.length }))])]));
  const shapesOf = (values: Record<string, number[]>) => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, formatShape(value)]));
  const count = [...parameters.values()].reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
  return [
    same(`${name} parameters`, { all: String(count) }, { all: String(release.parameters) }),
    same(`${name} layers`, { all: String(options.numLayers) }, { all: String(release.layers) }),
    same(`${name} tensors`, own, shapesOf(release.tensors)),
    ...(release.decay ? [same(`${name} groups`, groups, shapesOf(release.decay))] : []),
  ];
}

/** All parameters by official name; a head's have no other. */
function releasedParameters(transformer: MultiwayTransformer, head: ReturnType<typeof releasedHead>): Map<string, { ours: string; shape: Shape }> {
  return new Map([
    ...transformer.parameters().map(({ name, tensor }) => [MultiwayTransformer.officialNames.toOfficial(name)!, { ours: name, shape: tensor.shape }] as const),
    ...Object.entries(head).map(([name, { shape }]) => [name, { ours: name, shape }] as const),
  ]);
}

/** Equal, name by name: of a difference the first is told. */
function same(name: string, actual: Readonly<Record<string, string>>, expected: Readonly<Record<string, string>>): GoldenResult {
  const wrong = [...new Set([...Object.keys(actual), ...Object.keys(expected)])].find((key) => actual[key] !== expected[key]);
  return { name, passed: wrong === undefined, worst: wrong === undefined ? 0 : Infinity, where: wrong === undefined ? "" : `${wrong}: ${actual[wrong] ?? "nothing"} for ${expected[wrong] ?? "nothing"}` };
}
