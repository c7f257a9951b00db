import { DataError, formatValue } from "@multiway/errors";
import { RetrievalModel } from "@multiway/head-retrieval";
import { VqaModel } from "@multiway/head-vqa";
import type { Module } from "@multiway/nn";
import { realize, zeros, type Device, type Shape, type Tensor } from "@multiway/tensor";
import { MultiwayTransformer, type MultiwayInput, type OfficialNames } from "@multiway/transformer";
import { CaseTensors, checkManifest, compare, countOf, failed, joinTokens, readTensors, transformerOptionsOf, type GoldenManifest, type GoldenResult, type ReadFile } from "@multiway/transformer/golden";
import { checkRule, elementsOf, ruleElements, type WeightRule } from "./rule-weights.ts";

interface Values {
  shape: Shape;
  data: ArrayLike<number>;
}

/** A few elements of a tensor that the rule makes. */
interface Probe {
  shape: number[];
  first: number[];
  last: number;
  sum: number;
}

interface BaseManifest {
  model?: string;
  rule?: unknown;
  weight_probes?: Record<string, Probe>;
  parameter_count?: number;
}

type Pair = MultiwayInput & { images: Tensor; text: Tensor; isPadding: Tensor };

/** A head at full size: results by what stands behind `outputs/`; of encoder outputs, which are summarised, by the run that they belong to. */
interface BaseHead<M extends Module> {
  names: OfficialNames;
  build(transformer: MultiwayTransformer, config: GoldenManifest["config"]): M;
  values(model: M, pair: Pair): Record<string, Tensor>;
  encoded(model: M, pair: Pair): Record<string, Tensor>;
}

const retrieval: BaseHead<RetrievalModel> = {
  names: RetrievalModel.officialNames,
  build: (transformer) => new RetrievalModel(transformer),
  values: (model, { images, text, isPadding }) => ({ vision_cls: model.encodeImages(images), language_cls: model.encodeTexts(text, isPadding) }),
  encoded: ({ transformer }, pair) => ({
    image: transformer.encodeVision(pair.images).vision,
    text: transformer.encodeLanguage(pair.text, { isPadding: pair.isPadding }).language,
    fused: joinTokens(transformer.encodeFusion(pair)),
  }),
};

const vqa: BaseHead<VqaModel> = {
  names: VqaModel.officialNames,
  build: (transformer, config) => new VqaModel(transformer, { numAnswers: countOf(config, "num_classes") }),
  values: (model, pair) => ({ logits: model.forward(pair) }),
  encoded: ({ transformer }, pair) => ({ fused: joinTokens(transformer.encodeFusion(pair)) }),
};

const heads: Readonly<Record<string, BaseHead<Module>>> = { retrieval, vqa } as unknown as Record<string, BaseHead<Module>>;

/** A model of full size whose weights follow from a rule: pictures, texts, and pairs through the whole of it. */
export async function runBase(manifest: unknown, readFile: ReadFile, device: Device): Promise<GoldenResult[]> {
  const golden = checkManifest(manifest, ["beit3.base"]);
  const { model: name, rule, weight_probes: probes = {}, parameter_count: count } = manifest as BaseManifest;
  if (name === undefined || !Object.hasOwn(heads, name)) throw new DataError(`golden: the manifest's model is ${formatValue(name)}; expected ${Object.keys(heads).join(" or ")}.`);
  const head = heads[name]!;
  const tensors = new CaseTensors(await readTensors(golden, readFile), device);
  const model = head.build(new MultiwayTransformer(transformerOptionsOf(golden)), golden.config);

  const results = loadByRule(model, head.names, checkRule(rule), probes, device);
  if (count !== undefined) results.push(exactly("parameter_count", model.countParameters(), count));
  const computed = await compute(head, model, pairOf(tensors, rule, countOf(golden.config, "img_size")));
  for (const { tensor } of model.tensors()) tensor.dispose();
  for (const [name, expected] of Object.entries(golden.outputs)) {
    const actual = computed.get(name);
    if (!actual) results.push(failed(name, "no run of this case computes it"));
    else if (!tensors.has(name)) results.push(failed(name, "the tensor is missing in the file"));
    else results.push(compare(name, actual, tensors.stored(name).elements as Float64Array, expected));
  }
  return results;
}

/** A picture that is not stored follows from the rule. */
function pairOf(tensors: CaseTensors, rule: unknown, imageSize: number): Pair {
  const text = tensors.tensor("inputs/text");
  const isPadding = tensors.has("inputs/padding_mask") ? tensors.tensor("inputs/padding_mask").cast("bool") : zeros(text.shape).cast("bool");
  if (tensors.has("inputs/image")) return { images: tensors.tensor("inputs/image"), text, isPadding };
  const { image_key: key, image_scale: scale, image_offset: offset = 0 } = rule as { image_key?: unknown; image_scale?: unknown; image_offset?: number };
  if (typeof key !== "string" || typeof scale !== "number") throw new DataError(`golden: no file holds "inputs/image", and the rule has image_key ${formatValue(key)} and image_scale ${formatValue(scale)}; expected a text and a number.`);
  const shape = [text.shape[0]!, 3, imageSize, imageSize];
  return { images: tensors.device.tensor(elementsOf(key, [scale, offset], shape), { shape }), text, isPadding };
}

/** Puts each tensor on the device as it is made, and holds the manifest's probes against it. */
function loadByRule(model: Module, names: OfficialNames, rule: WeightRule, probes: Readonly<Record<string, Probe>>, device: Device): GoldenResult[] {
  const results: GoldenResult[] = [];
  const state: Record<string, Tensor> = {};
  const unused = new Set(Object.keys(probes));
  for (const { name, tensor } of model.tensors()) {
    const official = names.toOfficial(name)!;
    const elements = ruleElements(rule, official, tensor.shape);
    const probe = Object.hasOwn(probes, official) ? probes[official] : undefined;
    if (probe) results.push(checkProbe(official, elements, tensor.shape, probe));
    unused.delete(official);
    state[name] = device.tensor(elements, { shape: tensor.shape });
  }
  for (const name of unused) results.push(failed(`weight_probes/${name}`, "the model has no such tensor"));
  model.loadStateDict(state);
  return results;
}

function checkProbe(name: string, elements: Float32Array, shape: Shape, probe: Probe): GoldenResult {
  const place = `weight_probes/${name}`;
  if (shape.join() !== probe.shape.join()) return failed(place, `the shape is [${shape.join(", ")}]; expected [${probe.shape.join(", ")}]`);
  const sum = elements.reduce((total, value) => total + value, 0);
  const actual = [...elements.subarray(0, probe.first.length), elements.at(-1)!];
  // Sums of doubles in another order differ in their last digits.
  const sumError = Math.abs(sum - probe.sum) / (1e-12 * elements.length + 1e-9);
  const isSame = [...probe.first, probe.last].every((value, index) => value === actual[index]);
  const worst = isSame ? sumError : Infinity;
  return { name: place, passed: worst <= 1, worst, where: `first and last ${actual.join(", ")}, sum ${sum} for ${[...probe.first, probe.last].join(", ")}, ${probe.sum}` };
}

async function compute(head: BaseHead<Module>, model: Module, pair: Pair): Promise<Map<string, Values>> {
  // Asked for at once, a head and its encoder's output share all but the last step.
  const { values, encoded } = await realize({ values: head.values(model, pair), encoded: head.encoded(model, pair) });
  const found = new Map<string, Values>();
  for (const [name, tensor] of Object.entries(values)) found.set(`outputs/${name}`, await valuesOf(tensor));
  for (const [run, tensor] of Object.entries(encoded)) for (const [part, value] of summarise(await valuesOf(tensor))) found.set(`outputs/${run}/${part}`, value);
  return found;
}

const valuesOf = async (tensor: Tensor): Promise<Values> => ({ shape: tensor.shape, data: await tensor.data() });

/** Some rows of [batch, length, width], and means over rows and columns. */
function summarise({ shape, data }: Values): [part: string, value: Values][] {
  const [batch, length, width] = shape as [number, number, number];
  const rows = Array.from({ length: batch }, (_, item) => Array.from({ length }, (_, row) => Array.from({ length: width }, (_, channel) => data[(item * length + row) * width + channel]!)));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const some = (from: number, to?: number): Values => ({ shape: [batch, rows[0]!.slice(from, to).length, width], data: rows.flatMap((item) => item.slice(from, to).flat()) });
  return [
    ["cls", { shape: [batch, width], data: rows.flatMap((item) => item[0]!) }],
    ["first_rows", some(0, 3)],
    ["last_rows", some(-2)],
    ["row_mean", { shape: [batch, length], data: rows.flatMap((item) => item.map(mean)) }],
    ["row_rms", { shape: [batch, length], data: rows.flatMap((item) => item.map((row) => Math.sqrt(mean(row.map((value) => value * value))))) }],
    ["column_mean", { shape: [batch, width], data: rows.flatMap((item) => Array.from({ length: width }, (_, channel) => mean(item.map((row) => row[channel]!)))) }],
  ];
}

export function exactly(name: string, actual: unknown, expected: unknown): GoldenResult {
  const passed = JSON.stringify(actual) === JSON.stringify(expected);
  return { name, passed, worst: passed ? 0 : Infinity, where: `${JSON.stringify(actual)} for ${JSON.stringify(expected)}` };
}
