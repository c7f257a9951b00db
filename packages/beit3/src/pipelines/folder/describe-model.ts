import { OptionError } from "@multiway/errors";
import { paperForm, releasedForm, type MultiwayTransformerOptions } from "@multiway/transformer";
import { checkDescription } from "./parse-description.ts";
import type { ImageSettings, ModelDescription, ModelSizes, ModelTask } from "./description.ts";

/** What a description is made of; the rest has defaults. */
export type DescribeModelOptions = Partial<Omit<ModelDescription, "format" | "version" | "task" | "model" | "image">> & {
  task: ModelTask;
  /** What the encoder was made with, as a preset gives it. */
  model: MultiwayTransformerOptions;
  image?: Partial<ImageSettings>;
};

/**
 * Says of a model what `model.json` says.
 *
 * @throws OptionError for an encoder in neither the released nor the paper's form; CheckpointError naming a field that does not fit
 */
export function describeModel({ model, ...rest }: DescribeModelOptions): ModelDescription {
  return checkDescription({ format: "multiway-model", version: 1, ...rest, model: sizesOf(model) });
}

const defaultTextPositions = 1024;

function sizesOf(options: MultiwayTransformerOptions): ModelSizes {
  const { vocabularySize, embedDim, ffnDim, numHeads, numLayers, imageSize, patchSize, textPositions = defaultTextPositions, finalNorm = true } = options;
  const form = formOf(options);
  const usual = form === "paper" ? paperForm.visionLanguageLayers : releasedForm.visionLanguageLayers;
  const { visionLanguageLayers = 0 } = options;
  return { vocabularySize, embedDim, ffnDim, numHeads, numLayers, imageSize, patchSize, textPositions, form, finalNorm, ...(visionLanguageLayers !== usual && { visionLanguageLayers }) };
}

function formOf({ routing, subLayerNorm = true, epsilon = 1e-5, ...others }: MultiwayTransformerOptions): ModelSizes["form"] {
  const forms = { released: releasedForm, paper: paperForm };
  const isPlain = epsilon === 1e-5 && others.layerScale === undefined && others.order !== "languageFirst" && others.keyBias !== false && others.relativePositions === undefined;
  for (const name of ["released", "paper"] as const) {
    const form = forms[name];
    const isSame = (Object.keys(form.routing) as (keyof typeof routing)[]).every((part) => routing[part] === form.routing[part]);
    if (isPlain && isSame && subLayerNorm === form.subLayerNorm) return name;
  }
  throw new OptionError("describeModel: the encoder is in neither the released nor the paper's form; expected one of the two, with epsilon 1e-5 and nothing else changed. Keep other models with saveCheckpoint.", { details: { routing } });
}

/** What the encoder of a described model is made with. */
export function transformerOptionsOf({ form, ...sizes }: ModelSizes): MultiwayTransformerOptions {
  return { ...(form === "paper" ? paperForm : releasedForm), ...sizes };
}
