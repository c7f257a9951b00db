import { DataError, formatValue } from "@multiway/errors";
import { captioningLoss, CaptioningModel } from "@multiway/head-captioning";
import { ClassificationModel } from "@multiway/head-classification";
import { ReasoningModel } from "@multiway/head-reasoning";
import { contrastiveLoss, RetrievalModel } from "@multiway/head-retrieval";
import { VqaModel } from "@multiway/head-vqa";
import type { Module } from "@multiway/nn";
import { concat, stack, type Tensor } from "@multiway/tensor";
import { MultiwayTransformer, type OfficialNames } from "@multiway/transformer";
import { countOf, joinTokens, transformerOptionsOf, type CaseTensors, type GoldenManifest } from "@multiway/transformer/golden";

/** What a manifest says of a loss. */
export interface LossSettings {
  label_smoothing?: number;
  drop_worst_ratio?: number;
  drop_worst_after?: number;
  mixup?: number;
  /** Number of optimizer steps before. */
  step?: number;
}

/** The inputs of one call, by name: `image`, `text`, … */
export type Inputs = (name: string) => Tensor;

/** A head as the cases see it: inputs by name, results by name. */
export interface Head<M extends Module = Module> {
  names: OfficialNames;
  build(transformer: MultiwayTransformer, config: GoldenManifest["config"]): M;
  /** What its encoder reads. */
  reads: readonly ("vision" | "language")[];
  outputs(model: M, inputs: Inputs): Record<string, Tensor>;
  loss(model: M, inputs: Inputs, settings: LossSettings): { loss: Tensor; accuracy?: Tensor };
}

const padding = (inputs: Inputs): Tensor => inputs("padding_mask").cast("bool");
const pair = (inputs: Inputs) => ({ images: inputs("image"), text: inputs("text"), isPadding: padding(inputs) });

const vqa: Head<VqaModel> = {
  names: VqaModel.officialNames,
  build: (transformer, config) => new VqaModel(transformer, { numAnswers: countOf(config, "num_classes") }),
  reads: ["vision", "language"],
  outputs: (model, inputs) => ({ logits: model.forward(pair(inputs)), encoder_out: joinTokens(model.transformer.encodeFusion(pair(inputs))) }),
  loss: (model, inputs) => model.loss({ ...pair(inputs), targets: inputs("labels") }),
};

const nlvr2: Head<ReasoningModel> = {
  names: ReasoningModel.officialNames,
  build: (transformer, config) => new ReasoningModel(transformer, { numClasses: countOf(config, "num_classes") }),
  reads: ["vision", "language"],
  outputs(model, inputs) {
    const twice = (x: Tensor) => concat([x, x]);
    const encoded = model.transformer.encodeFusion({ images: concat([inputs("image_a"), inputs("image_b")]), text: twice(inputs("text")), isPadding: twice(padding(inputs)) });
    return { logits: model.forward(sentence(inputs)), encoder_out: joinTokens(encoded) };
  },
  loss: (model, inputs) => model.loss({ ...sentence(inputs), targets: inputs("label") }),
};
const sentence = (inputs: Inputs) => ({ images: stack([inputs("image_a"), inputs("image_b")], 1), text: inputs("text"), isPadding: padding(inputs) });

const classification: Head<ClassificationModel> = {
  names: ClassificationModel.officialNames,
  build: (transformer, config) => new ClassificationModel(transformer, { numClasses: countOf(config, "num_classes") }),
  reads: ["vision"],
  outputs: (model, inputs) => ({ logits: model.forward(inputs("image")), encoder_out: model.transformer.encodeVision(inputs("image")).vision }),
  loss: (model, inputs, { mixup = 0, label_smoothing: labelSmoothing = 0 }) =>
    mixup > 0 ? model.loss({ images: inputs("image"), targets: inputs("soft_label") }) : model.loss({ images: inputs("image"), targets: inputs("label") }, { labelSmoothing }),
};

const captioning: Head<CaptioningModel> = {
  names: CaptioningModel.officialNames,
  build: (transformer) => new CaptioningModel(transformer),
  reads: ["vision", "language"],
  outputs(model, inputs) {
    const input = { ...pair(inputs), text: inputs("masked_text") };
    const all = model.forward(input);
    return { logits_all: all, logits_masked: all.flatten(0, 1).gather(inputs("masked_rows")), encoder_out: joinTokens(model.transformer.encodeForCaptioning(input)) };
  },
  loss(model, inputs, { label_smoothing: labelSmoothing = 0, drop_worst_ratio: ratio = 0, drop_worst_after: after = 0, step = 0 }) {
    const logits = model.forward({ ...pair(inputs), text: inputs("masked_text") }).flatten(0, 1);
    const isHidden = inputs("masked_pos").cast("bool").flatten();
    const targets = isHidden.where(inputs("text").flatten(), -1);
    return captioningLoss(logits, targets, { labelSmoothing, dropWorst: step > after ? ratio : 0 });
  },
};

const retrieval: Head<RetrievalModel> = {
  names: RetrievalModel.officialNames,
  build: (transformer) => new RetrievalModel(transformer),
  reads: ["vision", "language"],
  outputs(model, inputs) {
    const [vision, language] = [model.encodeImages(inputs("image")), model.encodeTexts(inputs("text"), padding(inputs))];
    const logits = vision.matmul(language.transpose()).mul(model.logitScale.exp());
    return {
      vision_cls: vision,
      language_cls: language,
      logits_per_image: logits,
      logits_per_text: logits.transpose(),
      encoder_out: model.transformer.encodeVision(inputs("image")).vision,
      encoder_out_text: model.transformer.encodeLanguage(inputs("text"), { isPadding: padding(inputs) }).language,
    };
  },
  loss: (model, inputs) => contrastiveLoss(model.encodeImages(inputs("image")), model.encodeTexts(inputs("text"), padding(inputs)), model.logitScale),
};

const heads: Readonly<Record<string, Head>> = { vqa, nlvr2, classification, captioning, retrieval } as unknown as Record<string, Head>;

/** The head that a manifest names, and its model with the case's weights. */
export function headOf(manifest: unknown, golden: GoldenManifest, tensors: CaseTensors, stored: Iterable<string>): { head: Head; model: Module & { transformer: MultiwayTransformer } } {
  const { model: name } = manifest as { model?: unknown };
  if (typeof name !== "string" || !Object.hasOwn(heads, name)) throw new DataError(`golden: the manifest's model is ${formatValue(name)}; expected ${Object.keys(heads).join(", ")}.`);
  const head = heads[name]!;
  const model = head.build(new MultiwayTransformer(transformerOptionsOf(golden)), golden.config) as Module & { transformer: MultiwayTransformer };
  const state: Record<string, Tensor> = {};
  for (const full of stored) {
    if (!full.startsWith("weights/")) continue;
    const official = full.slice("weights/".length);
    // An unknown name is reported by the strict loading, as itself.
    state[head.names.toOurs(official) ?? official] = tensors.tensor(full);
  }
  model.loadStateDict(state);
  return { head, model };
}
