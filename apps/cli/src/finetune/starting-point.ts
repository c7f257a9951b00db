import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beit3Small, descriptionFile, openModelFolder, smallSizes, type ModelDescription, type ModelSizes as DescribedSizes } from "@multiway/beit3";
import { openCheckpoint, type CheckpointReader } from "@multiway/checkpoint";
import { CheckpointError, formatList, formatValue, OptionError } from "@multiway/errors";
import { truncatedNormalInitialiser, zeroInitialiser } from "@multiway/nn";
import { describeOfficial, modelSizes, releasedForm, type MultiwayTransformerOptions } from "@multiway/transformer";

/** How an encoder in the released form is made, as much of it as weights depend on. */
export type ModelSizes = Omit<DescribedSizes, "form" | "finalNorm" | "visionLanguageLayers">;

/** What the command line says of the model to begin with. */
export interface StartFlags {
  from?: string;
  new?: string;
  imageSize?: number;
  patchSize?: number;
  layers?: number;
  width?: number;
  heads?: number;
}

/** The model to begin with, before it is built. */
export interface StartingPoint {
  /** For messages. */
  name: string;
  /** Sizes; a new model's text table has as many rows as its tokenizer has words. */
  sizes(vocabularySize: number | undefined): ModelSizes;
  /** What the encoder is made with. */
  options(sizes: ModelSizes): MultiwayTransformerOptions;
  /** Weights to take; undefined for a new model. */
  open?(): Promise<CheckpointReader>;
  tokenizer?: Uint8Array | undefined;
  /** Of a model folder. */
  description?: ModelDescription;
  /** Which of the official recipes fits. */
  size: "base" | "large" | "new";
}

/** @throws OptionError when neither or both of --from and --new are given, or sizes do not fit; CheckpointError for a file that is no BEiT-3 */
export async function startingPoint(flags: StartFlags): Promise<StartingPoint> {
  if ((flags.from === undefined) === (flags.new === undefined)) {
    throw new OptionError(`finetune: ${flags.from === undefined ? "neither --from nor --new is given" : "both --from and --new are given"}; expected one: --from CHECKPOINT, MODEL FOLDER or mini to go on with what was learnt, or --new tiny, --new small or --new SIZES.json to learn from nothing.`);
  }
  return flags.new === undefined ? await fromFile(flags.from!, flags) : await fromNothing(flags.new, flags);
}

async function fromNothing(which: string, flags: StartFlags): Promise<StartingPoint> {
  const given: GivenSizes = Object.hasOwn(smallSizes, which) ? smallSizes[which as keyof typeof smallSizes] : await readSizes(which);
  const numHeads = flags.heads ?? given.numHeads;
  const embedDim = flags.width ?? given.embedDim;
  const sizes = {
    imageSize: flags.imageSize ?? given.imageSize ?? 64,
    patchSize: flags.patchSize ?? given.patchSize ?? 8,
    numLayers: flags.layers ?? given.numLayers,
    embedDim,
    numHeads,
    ffnDim: flags.width === undefined ? given.ffnDim : 4 * embedDim,
    textPositions: given.textPositions ?? 66,
  };
  return {
    name: `a new model (${which})`,
    sizes: (vocabularySize = 8) => checkSizes({ ...sizes, vocabularySize }),
    options: (all) => beit3Small(all),
    size: "new",
  };
}

type GivenSizes = Pick<ModelSizes, "numLayers" | "embedDim" | "numHeads" | "ffnDim"> & Partial<Pick<ModelSizes, "imageSize" | "patchSize" | "textPositions">>;
const sizeNames = ["numLayers", "embedDim", "numHeads", "ffnDim"] as const;
const furtherNames = ["imageSize", "patchSize", "textPositions"] as const;

async function readSizes(file: string): Promise<GivenSizes> {
  const expected = `expected ${Object.keys(smallSizes).join(", ")}, or a JSON file such as {"numLayers": 4, "embedDim": 128, "numHeads": 4, "ffnDim": 512}, with ${furtherNames.join(", ")} if you like`;
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new OptionError(`--new is ${formatValue(file)}, which cannot be read (${(cause as { code?: string }).code ?? (cause as Error).message}); ${expected}.`, { cause });
  }
  const fields = Object.entries((value ?? {}) as Record<string, unknown>);
  const known: readonly string[] = [...sizeNames, ...furtherNames];
  const wrong = [...fields.filter(([name, size]) => !known.includes(name) || !Number.isInteger(size) || (size as number) < 1).map(([name]) => name), ...sizeNames.filter((name) => !fields.some(([field]) => field === name))];
  if (wrong.length > 0) throw new OptionError(`--new ${file}: ${formatList(wrong)} ${wrong.length > 1 ? "are" : "is"} missing, unknown, or no whole number above 0; ${expected}.`);
  return value as GivenSizes;
}

const isModelFolder = (path: string): Promise<boolean> => access(join(path, descriptionFile)).then(() => true, () => false);

async function fromFile(from: string, flags: StartFlags): Promise<StartingPoint> {
  for (const flag of ["patchSize", "layers", "width"] as const) {
    if (flags[flag] !== undefined) throw new OptionError(`finetune: --${flag === "patchSize" ? "patch-size" : flag} is given beside --from, whose model has its own; expected it with --new alone.`);
  }
  // As loadBeit3 has it, a folder of that name is ./mini.
  if (from === "mini" || (await isModelFolder(from))) {
    const folder = await openModelFolder(from);
    const { form, finalNorm: _, visionLanguageLayers: _none, ...model } = folder.description.model;
    if (form !== "released") throw new CheckpointError(`finetune: ${from} is a model in the ${form}'s form; expected the released one, which is what is fine-tuned and read by the official code. Pretrain one with \`multiway pretrain\`.`, { details: { form } });
    return {
      name: from,
      sizes: () => checkSizes({ ...model, imageSize: flags.imageSize ?? model.imageSize }),
      options: finetuned,
      open: () => folder.openWeights(),
      tokenizer: await folder.readTokenizer(),
      description: folder.description,
      size: sizeOf(model),
    };
  }
  await using reader = await openCheckpoint(from);
  const shapes = new Map([...reader.entries].map(([name, { shape }]) => [name.replace(/^(module\.|model\.)+/, ""), shape]));
  const isBare = shapes.has("text_embed.weight");
  const form = describeOfficial(isBare ? new Map([...shapes].map(([name, shape]) => [`beit3.${name}`, shape])) : shapes);
  if (!form) throw new CheckpointError(`finetune: ${from} holds no BEiT-3 encoder under its official names; its ${reader.entries.size} tensors begin with ${formatList([...reader.entries.keys()].slice(0, 3))}. Give a checkpoint of microsoft/unilm or a model folder; \`multiway inspect\` lists what a file holds.`);
  const numHeads = flags.heads ?? (form.size && modelSizes[form.size].numHeads);
  if (numHeads === undefined) throw new OptionError(`finetune: ${from} holds ${form.numLayers} layers, ${form.embedDim} wide, which is no released size; the file does not say how many heads of attention. Give --heads.`);
  const { numLayers, embedDim, ffnDim, patchSize, vocabularySize, textPositions } = form;
  const imageSize = flags.imageSize ?? form.imageSize ?? 224;
  return {
    name: from,
    sizes: () => checkSizes({ numLayers, embedDim, ffnDim, patchSize, vocabularySize, textPositions, numHeads, imageSize }),
    options: finetuned,
    open: () => openCheckpoint(from),
    size: sizeOf({ embedDim }),
  };
}

/** What has no weights in the file begins as in the official code. */
const finetuned = (sizes: ModelSizes): MultiwayTransformerOptions => ({ ...releasedForm, ...sizes, linear: { weight: truncatedNormalInitialiser(0.02, 0.02), biasInitialiser: zeroInitialiser } });

const sizeOf = ({ embedDim }: { embedDim: number }): StartingPoint["size"] => (embedDim >= modelSizes.large.embedDim ? "large" : embedDim >= modelSizes.base.embedDim ? "base" : "new");

function checkSizes(sizes: ModelSizes): ModelSizes {
  const { imageSize, patchSize, embedDim, numHeads } = sizes;
  if (imageSize % patchSize !== 0) throw new OptionError(`pictures of ${imageSize} pixels and patches of ${patchSize}; expected a multiple, such as ${Math.max(1, Math.round(imageSize / patchSize)) * patchSize}. Give --image-size${sizes.textPositions === 66 ? " or --patch-size" : ""}.`);
  if (embedDim % numHeads !== 0) throw new OptionError(`${embedDim} wide with ${numHeads} heads; expected a multiple. Give another --width or --heads.`);
  return sizes;
}
