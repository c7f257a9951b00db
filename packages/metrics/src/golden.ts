import { DataError, formatShape, formatValue } from "@multiway/errors";
import { readTensors, type GoldenTensor } from "./golden/read-tensors.ts";
import { retrievalRecall } from "./ranking/recall.ts";
import { meanScoreOfBest, topKAccuracy } from "./ranking/top-k.ts";

export type { GoldenTensor };

/** One compared result: `worst` is the largest error over its tolerance; of exact values 0 or Infinity. */
export interface GoldenResult {
  name: string;
  passed: boolean;
  worst: number;
  where: string;
}

/** The kinds of manifests that {@link runMetricsCase} takes. */
export const metricsKinds: readonly string[] = ["beit3.metrics"];

/** How a loss of captions is taken. */
export interface CaptionLossRule {
  labelSmoothing: number;
  /** Share of the words with the largest losses that is left out. */
  dropWorst: number;
}

/** The losses that a case holds beside the metrics. They belong to packages above, and are handed in. */
export interface HeadLosses {
  /** Symmetric, of rows that belong together. @param images, texts [batch, width] @param scale factor of their products */
  contrastive(images: GoldenTensor, texts: GoldenTensor, scale: number): Promise<number>;
  /** @param logits [words, classes] @param labels [words] */
  caption(logits: GoldenTensor, labels: GoldenTensor, rule: CaptionLossRule): Promise<number>;
}

interface MetricsManifest {
  kind: string;
  files: string[];
  outputs: Record<string, { shape: number[]; exact?: boolean; atol?: number }>;
}

/** The cases name these and don't spell them out. */
const captionRules: Readonly<Record<string, CaptionLossRule>> = {
  smooth: { labelSmoothing: 0.1, dropWorst: 0 },
  worst_dropped: { labelSmoothing: 0.1, dropWorst: 0.2 },
  not_yet_dropped: { labelSmoothing: 0.1, dropWorst: 0 },
  plain: { labelSmoothing: 0, dropWorst: 0 },
  half_dropped: { labelSmoothing: 0.2, dropWorst: 0.5 },
};

/**
 * Runs a golden case of metrics: recall both ways, answering score, top-1 and top-5, and the losses that the case holds beside them.
 *
 * @param readFile gives the bytes of a file that the manifest names
 * @param losses   the heads' own; without them, what the case expects of them fails
 * @returns        one result per output of the manifest
 * @throws DataError when the manifest or a file is not of this format
 */
export async function runMetricsCase(manifest: unknown, readFile: (name: string) => Promise<Uint8Array>, losses?: HeadLosses): Promise<GoldenResult[]> {
  const { files, outputs } = checkManifest(manifest);
  const tensors = new Map<string, GoldenTensor>();
  for (const file of files.filter((name) => name.endsWith(".safetensors"))) for (const [name, tensor] of readTensors(await readFile(file), file)) tensors.set(name, tensor);
  const computed = computeMetrics(tensors);
  if (losses) await addLosses(computed, tensors, losses);
  return Object.entries(outputs).map(([name, rule]) => {
    const expected = tensors.get(name);
    const actual = computed.get(name.replace(/^outputs\//, ""));
    if (!expected || !actual) return { name, passed: false, worst: Infinity, where: expected ? "nothing computes it" : "the tensor is missing in the file" };
    return compare(name, actual, expected, rule.exact ? 0 : (rule.atol ?? 0));
  });
}

function checkManifest(manifest: unknown): MetricsManifest {
  const candidate = (typeof manifest === "object" ? (manifest ?? {}) : {}) as Partial<MetricsManifest>;
  if (!metricsKinds.includes(candidate.kind!) || !Array.isArray(candidate.files) || typeof candidate.outputs !== "object" || candidate.outputs === null) {
    throw new DataError(`runMetricsCase: the manifest has kind ${formatValue(candidate.kind)}; expected ${metricsKinds.join(" or ")}, with files and outputs.`);
  }
  return candidate as MetricsManifest;
}

type Tensors = ReadonlyMap<string, GoldenTensor>;

function inputOf(tensors: Tensors, name: string): GoldenTensor {
  const found = tensors.get(`inputs/${name}`);
  if (!found) throw new DataError(`runMetricsCase: the case has no tensor "inputs/${name}". Get a whole copy of it.`);
  return found;
}

const scalar = (value: number): GoldenTensor => ({ shape: [], data: Float64Array.of(value) });

function computeMetrics(tensors: Tensors): Map<string, GoldenTensor> {
  const computed = new Map<string, GoldenTensor>();
  const percent = (name: string, share: number) => computed.set(name, scalar(100 * share));
  const { imageToText, textToImage, mean } = recallOf(inputOf(tensors, "image_features"), inputOf(tensors, "text_features"), inputOf(tensors, "image_id").data);
  for (const [way, recall] of [["tr", imageToText], ["ir", textToImage]] as const) {
    percent(`${way}_r1`, recall.recallAt1);
    percent(`${way}_r5`, recall.recallAt5);
    percent(`${way}_r10`, recall.recallAt10);
  }
  percent("average_score", mean);

  const answers = inputOf(tensors, "answer_logits");
  computed.set("vqa_score", scalar(meanScoreOfBest(answers.data, inputOf(tensors, "answer_targets").data, { answers: answers.shape[1]! })));
  const { data: logits, shape } = inputOf(tensors, "class_logits");
  for (const k of [1, 5]) percent(`top${k}`, topKAccuracy(logits, inputOf(tensors, "class_labels").data, { classes: shape[1]!, k }).accuracy);
  return computed;
}

/** The contrastive loss is of the first rows, as many as the recorded logits have. Their scale is not recorded: it is the one factor that fits all of them. */
async function addLosses(computed: Map<string, GoldenTensor>, tensors: Tensors, losses: HeadLosses): Promise<void> {
  for (const [name, rule] of Object.entries(captionRules)) computed.set(`caption_loss.${name}`, scalar(await losses.caption(inputOf(tensors, "token_logits"), inputOf(tensors, "token_labels"), rule)));

  const recorded = tensors.get("outputs/logits_per_image");
  if (!recorded) return;
  const batch = recorded.shape[0]!;
  const firstRows = ({ shape, data }: GoldenTensor): GoldenTensor => ({ shape: [batch, shape[1]!], data: data.subarray(0, batch * shape[1]!) });
  const images = firstRows(inputOf(tensors, "image_features"));
  const texts = firstRows(inputOf(tensors, "text_features"));
  const products = Float64Array.from({ length: batch * batch }, (_, place) => product(images, Math.floor(place / batch), texts, place % batch));
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, index) => sum + value * b[index]!, 0);
  const scale = dot(products, recorded.data) / dot(products, products);
  const perImage = products.map((value) => value * scale);
  computed.set("logits_per_image", { shape: [batch, batch], data: perImage });
  computed.set("logits_per_text", { shape: [batch, batch], data: perImage.map((_, place) => perImage[(place % batch) * batch + Math.floor(place / batch)]!) });
  computed.set("clip_loss", scalar(await losses.contrastive(images, texts, scale)));
}

/** Picture rows come once per text; the first row of each picture is used, in the order of their numbers. */
function recallOf(images: GoldenTensor, texts: GoldenTensor, imageOfText: Float64Array) {
  const numbers = [...new Set(imageOfText)].sort((a, b) => a - b);
  const rows = numbers.map((number) => imageOfText.indexOf(number));
  const similarity = rows.flatMap((row) => Array.from(imageOfText, (_, text) => product(images, row, texts, text)));
  return retrievalRecall(similarity, imageOfText.map((number) => numbers.indexOf(number)));
}

function product(a: GoldenTensor, rowA: number, b: GoldenTensor, rowB: number): number {
  const width = a.shape[1]!;
  let sum = 0;
  for (let column = 0; column < width; column++) sum += a.data[rowA * width + column]! * b.data[rowB * width + column]!;
  return sum;
}

function compare(name: string, actual: GoldenTensor, expected: GoldenTensor, atol: number): GoldenResult {
  if (actual.shape.join() !== expected.shape.join()) return { name, passed: false, worst: Infinity, where: `the shape is ${formatShape(actual.shape)}; expected ${formatShape(expected.shape)}` };
  let worst = -1;
  let where = "";
  actual.data.forEach((value, index) => {
    const error = value === expected.data[index] ? 0 : Math.abs(value - expected.data[index]!) / atol;
    const ratio = Number.isNaN(error) ? Infinity : error;
    if (ratio > worst) [worst, where] = [ratio, `element ${index}: ${value} for ${expected.data[index]}`];
  });
  return { name, passed: worst <= 1, worst: Math.max(0, worst), where };
}
