import { AdamW, clipByGlobalNorm, globalNorm } from "@multiway/optim";
import { atPath, realize, Tensor, valueAndGrad, type Device } from "@multiway/tensor";
import { DataError, formatValue } from "@multiway/errors";
import { CaseTensors, checkManifest, compare, failed, readTensors, type GoldenResult, type ReadFile } from "@multiway/transformer/golden";
import { fineTuningGroups } from "../fine-tuning-groups.ts";
import { officialGradients } from "../official-gradients.ts";
import { inputsOf } from "./head-case.ts";
import { headOf, type LossSettings } from "./heads.ts";

interface Optimizer {
  lr_per_step: number[];
  betas: [number, number];
  eps: number;
  weight_decay: number;
  layer_decay: number;
}

interface TrainManifest extends LossSettings {
  optimizer?: Optimizer;
  clip_grad?: number;
  parameter_groups?: { lr_scale: number; weight_decay: number; params: string[] }[];
  no_gradient?: string[];
  zero_gradient_in_theory?: string[];
  updated_rule?: { all_within?: number };
}

/** A parameter may be off in so many of its elements, where its gradient is rounding. */
const shareBeyond = 0.001;

/** Loss, gradients and three steps of AdamW on a model with a head, with the official groups. */
export async function runTraining(manifest: unknown, readFile: ReadFile, device: Device): Promise<GoldenResult[]> {
  const golden = checkManifest(manifest, ["beit3.train"]);
  const { optimizer: rule, clip_grad: maxNorm, parameter_groups: groups = [], no_gradient: untouched = [], zero_gradient_in_theory: anyDirection = [], updated_rule: updatedRule = {}, ...settings } = manifest as TrainManifest;
  if (!rule || !Array.isArray(rule.lr_per_step)) throw new DataError(`golden: the manifest's optimizer is ${formatValue(rule)}; expected betas, eps, weight_decay, layer_decay and lr_per_step.`);
  const stored = await readTensors(golden, readFile);
  const tensors = new CaseTensors(stored, device);
  const { head, model: first } = headOf(manifest, golden, tensors, stored.keys());
  const groupOf = fineTuningGroups({ numLayers: first.transformer.encoder.layers.length, layerDecay: rule.layer_decay });
  const adamw = new AdamW({ betas: rule.betas, epsilon: rule.eps, weightDecay: rule.weight_decay, groupOf });
  const results: GoldenResult[] = checkGroups(groups, new Map(first.parameters().map(({ name, tensor }) => [head.names.toOfficial(name)!, { learningRateScale: 1, weightDecay: rule.weight_decay, ...groupOf(name, tensor) }])));

  const scalars = new Map<string, Tensor>();
  let model = first;
  let state = adamw.init(model, device);
  const before = new Map<string, ArrayLike<number>>();
  for (const { name, tensor } of model.parameters()) before.set(head.names.toOfficial(name)!, await tensor.data());
  for (const [step, learningRate] of rule.lr_per_step.entries()) {
    const inputs = inputsOf(tensors, `inputs/step${step}/`);
    const [loss, found] = valueAndGrad((m: typeof model) => head.loss(m, inputs, { ...settings, step }).loss)(model);
    const gradients = officialGradients(model, found, head.reads);
    if (step === 0) {
      for (const { name } of model.parameters()) {
        const gradient = atPath(gradients, name);
        if (gradient instanceof Tensor) scalars.set(`grads/${head.names.toOfficial(name)!}`, gradient);
      }
    }
    scalars.set(`outputs/step${step}/loss`, loss);
    scalars.set(`outputs/step${step}/grad_norm`, globalNorm(gradients));
    const used = maxNorm === undefined ? gradients : clipByGlobalNorm(gradients, maxNorm).gradients;
    ({ model, state } = await realize(adamw.update(model, used, state, { learningRate })));
  }

  let beyond = 0;
  let total = 0;
  const after = new Map(model.parameters().map(({ name, tensor }) => [head.names.toOfficial(name)!, tensor]));
  for (const [name, expected] of Object.entries(golden.outputs)) {
    if (!name.startsWith("updated/")) {
      const tensor = scalars.get(name);
      if (!tensor) results.push(failed(name, "no step of this case computes it"));
      else if (!tensors.has(name)) results.push(failed(name, "the tensor is missing in the file"));
      else results.push(compare(name, { shape: tensor.shape, data: await (await realize(tensor, { device })).data() }, tensors.stored(name).toHost({ widens: true }), expected));
      continue;
    }
    const official = name.slice("updated/".length);
    const tensor = after.get(official);
    if (!tensor || !tensors.has(name)) {
      results.push(failed(name, tensor ? "the tensor is missing in the file" : "the model has no such parameter"));
      continue;
    }
    const actual = await tensor.data();
    const wanted = tensors.stored(name).toHost({ widens: true });
    if (untouched.includes(official)) {
      const isSame = Array.prototype.every.call(actual, (value: number, index: number) => value === before.get(official)![index]);
      results.push({ name, passed: isSame, worst: isSame ? 0 : Infinity, where: isSame ? "unchanged" : "changed, without a gradient" });
      continue;
    }
    const allWithin = updatedRule.all_within ?? 0;
    const errors = Array.from(actual, (value, index) => Math.abs(value - wanted[index]!));
    const largest = errors.reduce((most, error) => (error > most || Number.isNaN(error) ? error : most), 0);
    const off = anyDirection.includes(official) ? 0 : errors.filter((error) => !(error <= (expected.atol ?? 0))).length;
    beyond += off;
    total += errors.length;
    const allowed = Math.max(shareBeyond * errors.length, errors.length >= 8 ? 1 : 0);
    const worst = Math.max(largest / allWithin, off === 0 ? 0 : off / Math.max(allowed, Number.MIN_VALUE));
    results.push({ name, passed: off <= allowed && largest <= allWithin, worst, where: `${off} of ${errors.length} elements beyond ${expected.atol}, at most ${largest}` });
  }
  results.push({ name: "updated", passed: beyond <= shareBeyond * total, worst: beyond / Math.max(1, shareBeyond * total), where: `${beyond} of all ${total} elements beyond` });
  return results;
}

/** Every parameter's share of the learning rate and its decay. */
function checkGroups(groups: NonNullable<TrainManifest["parameter_groups"]>, ours: ReadonlyMap<string, { learningRateScale: number; weightDecay: number }>): GoldenResult[] {
  return groups.flatMap(({ lr_scale: scale, weight_decay: decay, params }, index) => {
    const wrong = params.find((name) => {
      const own = ours.get(name);
      return !own || Math.abs(own.learningRateScale - scale) > 1e-9 || own.weightDecay !== decay;
    });
    const passed = wrong === undefined;
    return [{ name: `parameter_groups/${index}`, passed, worst: passed ? 0 : Infinity, where: passed ? "" : `${wrong}: ${JSON.stringify(ours.get(wrong))} for ${scale}, ${decay}` }];
  });
}
