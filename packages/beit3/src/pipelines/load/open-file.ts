import { openCheckpoint, type CheckpointReader, type CheckpointSource } from "@multiway/checkpoint";
import { CheckpointError, OptionError } from "@multiway/errors";
import { describeOfficial, modelSizes, officialNamesIn, type ModelSize, type MultiwayTransformerOptions, type OfficialForm } from "@multiway/transformer";
import { beit3Base, beit3Giant, beit3Large } from "../../presets.ts";
import { describeModel } from "../folder/describe-model.ts";
import { headOf } from "./head-of.ts";
import type { OpenedModel } from "./opened.ts";
import type { LoadBeit3Options } from "./options.ts";

const presets = { base: beit3Base, large: beit3Large, giant: beit3Giant };

/** Opens a checkpoint file with official names, and tells from names and shapes which model it is. */
export async function openFile(source: CheckpointSource, { preset, ...options }: LoadBeit3Options): Promise<OpenedModel> {
  const weights = await openCheckpoint(source, sourceOptions(options));
  try {
    const inFile = officialNamesIn(weights);
    const shapes = new Map([...inFile].map(([official, name]) => [official, weights.entries.get(name)!.shape]));
    const form = describeOfficial(shapes);
    if (!form) {
      throw new CheckpointError(`loadBeit3: ${JSON.stringify(weights.name)} holds no BEiT-3 under official names; expected a checkpoint of microsoft/unilm, or one of officialStateDict. A model of another form is kept in a model folder: see writeModelFolder.`, { details: { file: weights.name } });
    }
    const { task, numOutputs, outputDim } = headOf(shapes);
    const model = sizesOf(weights, form, preset);
    const { answers, classes, image } = options;
    if (task === "vqa" || task === "classification") checkCount(weights, task, numOutputs!, task === "vqa" ? answers : classes);
    const description = describeModel({
      task,
      model,
      ...(image && { image }),
      ...(outputDim !== undefined && { outputDim }),
      ...(numOutputs !== undefined && { numOutputs }),
      ...(answers && { answers }),
      ...(classes && { classes }),
    });
    return { name: weights.name, description, weights, readTokenizer: async () => undefined, [Symbol.asyncDispose]: () => weights.close() };
  } catch (error) {
    await weights.close();
    throw error;
  }
}

export const sourceOptions = ({ signal, cache, headers }: Pick<LoadBeit3Options, "signal" | "cache" | "headers">) => ({ ...(signal && { signal }), ...(cache !== undefined && { cache }), ...(headers && { headers }) });

function checkCount({ name }: CheckpointReader, task: "vqa" | "classification", expected: number, given: readonly string[] | undefined): void {
  if (!given || given.length === expected) return;
  const what = task === "vqa" ? "answers" : "classes";
  throw new OptionError(`loadBeit3: ${given.length} ${what} are given; the head of ${JSON.stringify(name)} has ${expected}. Give the ${what} that it was trained with, in their order.`, { details: { given: given.length, expected } });
}

/** The encoder's options: the preset's, or the file's own. */
function sizesOf({ name }: CheckpointReader, form: OfficialForm, preset: LoadBeit3Options["preset"]): MultiwayTransformerOptions {
  const { vocabularySize, textPositions, finalNorm, patchSize } = form;
  if (typeof preset === "object") return { finalNorm, ...preset };
  if (preset !== undefined && !Object.hasOwn(modelSizes, preset)) throw new OptionError(`loadBeit3: preset is ${JSON.stringify(preset)}; expected ${Object.keys(modelSizes).join(", ")}, or what a preset such as beit3Base() makes.`);
  const size: ModelSize | undefined = preset ?? form.size;
  if (size === undefined) {
    throw new OptionError(`loadBeit3: ${JSON.stringify(name)} has ${form.numLayers} layers, ${form.embedDim} wide, which is none of ${Object.keys(modelSizes).join(", ")}, and its number of heads stands in no checkpoint. Pass the options that the model was made with as \`preset\`, or keep it in a model folder.`, { details: { form } });
  }
  if (form.imageSize === undefined) throw new OptionError(`loadBeit3: ${JSON.stringify(name)} is for pictures that are no squares. Pass the options of a square one as \`preset\`: ${`beit3${size[0]!.toUpperCase()}${size.slice(1)}`}({ imageSize: 224 }).`, { details: { form } });
  return { ...presets[size]({ imageSize: form.imageSize, form: "released", patchSize }), vocabularySize, textPositions, finalNorm };
}
