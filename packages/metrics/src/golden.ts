import { DataError, formatShape, formatValue } from "@multiway/errors";
import { captionLoss, contrastiveLoss, type CaptionLossRule } from "./golden/losses.ts";
import { readTensors, type GoldenTensor } from "./golden/read-tensors.ts";
import { retrievalRecall } from "./ranking/recall.ts";
import { meanScoreOfBest, topKAccuracy } from "./ranking/top-k.ts";

/** One compared result: `worst` is the largest error over its tolerance; of exact values 0 or Infinity. */
export interface GoldenResult {
  name: string;
  passed: boolean;
  worst: number;
  where: string;
}

/** The kinds of manifests that {@link runMetricsCase} takes. */
export const metricsKinds: readonly string[] = ["beit3.metrics"];

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
 * @returns        one result per output of the manifest
 * @throws DataError when the manifest or a file is not of this format
 */
export async function runMetricsCase(manifest: unknown, readFile: (name: string) => Promise<Uint8Array>): Promise<GoldenResult[]> {
  const { files, outputs } = checkManifest(manifest);
  const tensors = new Map<string, GoldenTensor>();
  for (const file of files.filter((name) => name.endsWith(".safetensors"))) for (const [name, tensor] of readTensors(await readFile(file), file)) tensors.set(name, tensor);
  const computed = computeOutputs(tensors);
  return Object.entries(outputs).map(([name, rule]) => {
    const expected = tensors.get(name);
    const actual = computed.get(name.replace(/^outputs\//, ""));
    if (!expected || !actual) return { name, passed: false, worst: Infinity, where: expected ? "this case does not compute it" : "the tensor is missing in the file" };
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

function computeOutputs(tensors: ReadonlyMap<string, GoldenTensor>): Map<string, GoldenTensor> {
  const input = (name: string): GoldenTensor => {
    const found = tensors.get(`inputs/${name}`);
    if (!found) throw new DataError(`runMetricsCase: the case has no tensor "inputs/${name}". Get a whole copy of it.`);
    return found;
  };
  const computed = new Map<string, GoldenTensor>();
  const scalar = (name: string, value: number) => computed.set(name, { shape: [], data: Float64Array.of(value) });

  const images = input("image_features");
  const texts = input("text_features");
  const { imageToText, textToImage, mean } = recallOf(images, texts, input("image_id").data);
  for (const [way, recall] of [["tr", imageToText], ["ir", textToImage]] as const) {
    scalar(`${way}_r1`, 100 * recall.recallAt1);
    scalar(`${way}_r5`, 100 * recall.recallAt5);
    scalar(`${way}_r10`, 100 * recall.recallAt10);
  }
  scalar("average_score", 100 * mean);

  const answers = input("answer_logits");
  scalar("vqa_score", meanScoreOfBest(answers.data, input("answer_targets").data, { answers: answers.shape[1]! }));
  const { data: logits, shape: [, classes] } = input("class_logits");
  for (const k of [1, 5]) scalar(`top${k}`, 100 * topKAccuracy(logits, input("class_labels").data, { classes: classes!, k }).accuracy);

  addContrastive(computed, images, texts, tensors.get("outputs/logits_per_image"));
  for (const [name, rule] of Object.entries(captionRules)) scalar(`caption_loss.${name}`, captionLoss(input("token_logits").data, input("token_labels").data, rule));
  return computed;
}

/** Picture rows come once per text; the first row of each picture is used, in the order of their numbers. */
function recallOf(images: GoldenTensor, texts: GoldenTensor, imageOfText: Float64Array) {
  const numbers = [...new Set(imageOfText)].sort((a, b) => a - b);
  const rows = numbers.map((number) => imageOfText.indexOf(number));
  const similarity = rows.flatMap((row) => Array.from(imageOfText, (_, text) => product(images, row, texts, text)));
  return retrievalRecall(similarity, imageOfText.map((number) => numbers.indexOf(number)));
}

/** Of the first rows, as many as the recorded logits have. Their scale is not recorded: it is the one factor that fits all of them. */
function addContrastive(computed: Map<string, GoldenTensor>, images: GoldenTensor, texts: GoldenTensor, recorded: GoldenTensor | undefined): void {
  if (!recorded) return;
  const batch = recorded.shape[0]!;
  const products = Float64Array.from({ length: batch * batch }, (_, place) => product(images, Math.floor(place / batch), texts, place % batch));
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, index) => sum + value * b[index]!, 0);
  const scale = dot(products, recorded.data) / dot(products, products);
  const perImage = products.map((value) => value * scale);
  const perText = perImage.map((_, place) => perImage[(place % batch) * batch + Math.floor(place / batch)]!);
  computed.set("logits_per_image", { shape: [batch, batch], data: perImage });
  computed.set("logits_per_text", { shape: [batch, batch], data: perText });
  computed.set("clip_loss", { shape: [], data: Float64Array.of(contrastiveLoss(perImage, batch)) });
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
