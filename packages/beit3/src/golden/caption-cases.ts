import { beamSearch, Captioner, type CaptioningModel, type CaptionState, type CaptionTokens } from "@multiway/head-captioning";
import { concat, type Device, type Tensor } from "@multiway/tensor";
import { CaseTensors, checkManifest, compare, countOf, failed, readTensors, type GoldenResult, type ReadFile } from "@multiway/transformer/golden";
import { compareAll } from "./head-case.ts";
import { headOf } from "./heads.ts";

interface Run {
  name: string;
  num_beams: number;
  length_penalty: number;
  max_len: number;
}

interface CaptionManifest {
  cache_steps?: number[];
  runs?: Run[];
  /** By run and picture: summed log probability and ids. */
  finished_hypotheses?: Record<string, [sum: number, ids: number[]][][]>;
}

const tokensOf = (manifest: unknown): CaptionTokens => {
  const ids = manifest as Record<string, unknown>;
  return { first: countOf(ids, "cls_id"), last: countOf(ids, "sep_id"), padding: countOf(ids, "pad_id"), mask: countOf(ids, "mask_id") };
};

async function open(manifest: unknown, kind: string, readFile: ReadFile, device: Device) {
  const golden = checkManifest(manifest, [kind]);
  const stored = await readTensors(golden, readFile);
  const tensors = new CaseTensors(stored, device);
  const { model } = headOf({ ...(manifest as object), model: "captioning" }, golden, tensors, stored.keys());
  return { golden, tensors, model: model as CaptioningModel };
}

/** Given words, one at a time: logits, and what is kept of the words before. */
export async function runCaptionSteps(manifest: unknown, readFile: ReadFile, device: Device): Promise<GoldenResult[]> {
  const { golden, tensors, model } = await open(manifest, "beit3.caption_steps", readFile, device);
  const { first, mask } = tokensOf(manifest);
  const { cache_steps: shown = [] } = manifest as CaptionManifest;
  const images = tensors.tensor("inputs/image");
  const words = tensors.stored("inputs/words");
  const [rows, count] = words.shape as [number, number];
  const given = words.elements as ArrayLike<number>;
  const sentences = Array.from({ length: rows }, (_, row) => [first, ...Array.from({ length: count }, (_, at) => given[row * count + at]!)]);
  const ids = (of: readonly (readonly number[])[]): Tensor => device.tensor(Int32Array.from(of.flat()), { shape: [rows, of[0]!.length] });
  const same = device.tensor(Int32Array.from({ length: rows }, (_, row) => row));
  const computed = new Map<string, Tensor>();
  let state: CaptionState = model.begin(images, 1, count + 2);
  for (let step = 0; step <= count; step++) {
    const length = step + 2;
    const { logits, own, state: next } = model.step(state, ids(sentences.map((sentence) => [sentence[step]!, mask])), same, device.tensor(Int32Array.of(length), { shape: [] }));
    computed.set(`outputs/step${step}/logits`, logits);
    computed.set(`outputs/step${step}/full_logits_at_mask`, model.forward({ images, text: ids(sentences.map((sentence) => [...sentence.slice(0, step + 1), mask])) }).slice([null, -1]));
    if (shown.includes(step)) {
      // The picture's, the words' and, behind them, the mask's, heads in front of tokens.
      next.words.forEach(({ keys, values }, layer) => {
        const whole = (part: "keys" | "values", kept: Tensor) => concat([next.picture[layer]![part], kept.narrow(1, 0, step + 1), own[layer]![part].narrow(1, 1, 1)], 1).permute([0, 2, 1, 3]);
        computed.set(`outputs/step${step}/cache.${layer}.prev_key`, whole("keys", keys));
        computed.set(`outputs/step${step}/cache.${layer}.prev_value`, whole("values", values));
      });
    }
    state = next;
  }
  return await compareAll(golden.outputs, computed, tensors);
}

/** Captions by beam search, with every choice on the way. */
export async function runBeamSearch(manifest: unknown, readFile: ReadFile, device: Device): Promise<GoldenResult[]> {
  const { golden, tensors, model } = await open(manifest, "beit3.beam", readFile, device);
  const tokens = tokensOf(manifest);
  const { runs = [], finished_hypotheses: expected = {} } = manifest as CaptionManifest;
  const images = tensors.tensor("inputs/image");
  const pictures = images.shape[0]!;
  const captioner = new Captioner(model, { device, tokens });
  const results: GoldenResult[] = [];
  const computed = new Map<string, { shape: number[]; data: ArrayLike<number> }>();
  for (const { name, num_beams: numBeams, length_penalty: lengthPenalty, max_len: maxLength } of runs) {
    const fed: number[] = [];
    const options = { numBeams, lengthPenalty, maxLength };
    const next = captioner.nextWords(images, options);
    const { captions, finished, steps } = await beamSearch(pictures, (given, ...rest) => (fed.push(...given), next(given, ...rest)), tokens, options);
    const decoded = captions.flatMap(({ ids }) => {
      const whole = [...ids, tokens.mask, tokens.last];
      return [...whole, ...new Array<number>(Math.max(0, maxLength - whole.length)).fill(tokens.padding)];
    });
    computed.set(`outputs/${name}/decoded`, { shape: [pictures, maxLength], data: decoded });
    computed.set(`outputs/${name}/best_score`, { shape: [pictures], data: captions.map(({ score }) => score) });
    computed.set(`outputs/${name}/steps`, { shape: [], data: [steps] });
    computed.set(`outputs/${name}/step_tokens`, { shape: [steps, pictures * numBeams, 2], data: fed });
    if (expected[name]) results.push(compareFinished(`finished_hypotheses/${name}`, finished, expected[name]));
  }
  for (const [name, rule] of Object.entries(golden.outputs)) {
    const actual = computed.get(name);
    if (!actual) results.push(failed(name, "no run of this case computes it"));
    else if (!tensors.has(name)) results.push(failed(name, "the tensor is missing in the file"));
    else results.push(compare(name, actual, tensors.stored(name).toHost({ widens: true }), rule));
  }
  return results;
}

/** Sums of as many log probabilities as a caption has words. */
const sumTolerance = 1e-4;

function compareFinished(name: string, finished: readonly { ids: number[]; sum: number }[][], expected: readonly (readonly [number, number[]])[][]): GoldenResult {
  const actual = finished.map((sentences) => sentences.map(({ ids }) => ids));
  const wanted = expected.map((sentences) => sentences.map(([, ids]) => ids));
  if (JSON.stringify(actual) !== JSON.stringify(wanted)) return failed(name, `${JSON.stringify(actual)} for ${JSON.stringify(wanted)}`);
  const errors = finished.flatMap((sentences, picture) => sentences.map(({ sum }, index) => Math.abs(sum - expected[picture]![index]![0]) / sumTolerance));
  const worst = Math.max(0, ...errors);
  return { name, passed: worst <= 1, worst, where: `${errors.length} sentences` };
}
