import type { ElementType, StoredTensor } from "@multiway/checkpoint";
import { CheckpointError, formatList } from "@multiway/errors";
import type { Module } from "@multiway/nn";
import type { Device, Shape, Tensor } from "@multiway/tensor";
import { describeOfficial, formatForm, presetOf } from "./official-form.ts";
import { encoderPrefix, officialNamesFor } from "./official-names.ts";
import { planOfficialTensors, type FitOptions, type OfficialFit, type OfficialPlan } from "./official-tensors.ts";
import { resizePositions } from "./resize-positions.ts";

export interface LoadOfficialOptions extends FitOptions {
  /** Where the tensors are to live. */
  device: Device;
  /** Whether anything missing, unexpected or dropped is an error. Default false, as in the official loader: the report lists them. */
  strict?: boolean;
  /** Whether tensors of other shapes are left out and reported, as the official loader does. Default false: they are an error, as they mostly mean another preset. */
  ignoreMismatched?: boolean;
  /** What names in the file begin with, such as `module.`. Default: found by where the patch projection is. */
  prefix?: string;
  /** Half floats: `keep` f16 in memory, which widens inside kernels, or `widen` to f32. Default `keep`. */
  halves?: "keep" | "widen";
  /** What bfloat16 becomes, which devices do not have: `f32` exactly, or `f16` in half the memory, which loses what is smaller than 6e-5 step by step and refuses what is beyond 65504. Default `f32`. */
  bfloat16?: "f32" | "f16";
}

/** An open checkpoint, as `openCheckpoint` gives it, or anything that reads tensors by name: the part of a `CheckpointReader` that is used. */
export interface OfficialFile {
  /** What messages call it. */
  readonly name: string;
  readonly entries: ReadonlyMap<string, { readonly shape: Shape; readonly type: ElementType }>;
  read(name: string): Promise<StoredTensor>;
  readOnto(device: Device, name: string, options: Pick<LoadOfficialOptions, "halves" | "bfloat16">): Promise<Tensor>;
}

/** What was loaded and what was not; all by official name. */
export interface OfficialReport extends OfficialFit {
  loaded: string[];
}

/** Every file of a Multiway Transformer has it, and no other name ends so. */
const anchor = "vision_embed.proj.weight";

/**
 * Loads an official checkpoint, `.pth` or safetensors, into a model in the released form, tensor by tensor: the file is never in memory as a whole.
 *
 * As the official loader does, it resamples picture positions for another picture size and drops a classifier for another number of classes
 * (microsoft/unilm: beit3/utils.py). What the file lacks keeps its value; call `initialise` afterwards for heads that begin anew.
 *
 * ```ts
 * const model = new MultiwayTransformer(beit3Base({ imageSize: 384 }));
 * await using file = await openCheckpoint("beit3_base_patch16_224.pth");
 * const report = await loadOfficial(model, file, { device });
 * ```
 *
 * @param model   of a class with `officialNames`
 * @param file    stays open
 * @throws CheckpointError when the file is damaged, is of another model or size (it says which preset fits), or is not what `strict` asks for. The model is unchanged then
 */
export async function loadOfficial(model: Module, file: OfficialFile, options: LoadOfficialOptions): Promise<OfficialReport> {
  const { device } = options;
  const names = officialNamesFor("loadOfficial", model);
  const own = new Map(model.tensors().map(({ name, tensor }) => [names.toOfficial(name)!, { name, shape: tensor.shape }]));
  const inFile = officialNamesIn(file, options.prefix);
  const given = new Map([...inFile].map(([official, name]) => [official, file.entries.get(name)!.shape]));
  const expected = new Map([...own].map(([official, { shape }]) => [official, shape]));
  const plan = planOfficialTensors(given, expected, options);
  check(file, plan, given, expected, options);
  for (const official of plan.taken.keys()) requireFloat(file, inFile.get(official)!);

  const tensors: Record<string, Tensor> = {};
  try {
    for (const [official, resampling] of plan.taken) {
      const { name, shape } = own.get(official)!;
      const given = inFile.get(official)!;
      if (resampling) {
        const table = Float32Array.from((await file.read(given)).toHost({ widens: true }));
        tensors[name] = device.tensor(resizePositions(table, shape[1]!, resampling.from, resampling.to), { shape });
      } else tensors[name] = await file.readOnto(device, given, options);
    }
  } catch (error) {
    for (const tensor of Object.values(tensors)) tensor.dispose();
    throw error;
  }
  model.loadStateDict(tensors, { strict: false });
  const { taken, ...lists } = plan;
  return { loaded: [...taken.keys()], ...lists };
}

/**
 * A model's tensors under their official names, for `saveCheckpoint("….pth", …)`: the official code loads such a file.
 *
 * @throws CheckpointError for a model that is not in the released form
 */
export function officialStateDict(model: Module): Record<string, Tensor> {
  const names = officialNamesFor("officialStateDict", model);
  return Object.fromEntries(model.tensors().map(({ name, tensor }) => [names.toOfficial(name)!, tensor]));
}

/**
 * Names of a file's tensors by official name. A file of the encoder alone may lack its `beit3.`.
 *
 * @param prefix what names in the file begin with, such as `module.`. Default: found by where the patch projection is
 */
export function officialNamesIn(file: Pick<OfficialFile, "entries">, prefix?: string): Map<string, string> {
  const anchored = [...file.entries.keys()].find((name) => name === anchor || name.endsWith(`.${anchor}`));
  const before = prefix ?? anchored?.slice(0, -anchor.length).replace(/beit3\.$/, "") ?? "";
  const isBare = anchored === before + anchor;
  const inFile = new Map<string, string>();
  for (const name of file.entries.keys()) {
    // One that the prefix does not fit is nobody's, and is reported as it is.
    const rest = name.startsWith(before) ? name.slice(before.length) : name;
    inFile.set(isBare ? encoderPrefix + rest : rest, name);
  }
  return inFile;
}

function check({ name: file }: OfficialFile, plan: OfficialPlan, given: ReadonlyMap<string, Shape>, expected: ReadonlyMap<string, Shape>, { strict = false, ignoreMismatched = false }: LoadOfficialOptions): void {
  const form = describeOfficial(given);
  const wanted = describeOfficial(expected);
  const preset = form && presetOf(form);
  const details = { report: { loaded: [...plan.taken.keys()], missing: plan.missing, unexpected: plan.unexpected, mismatched: plan.mismatched, resized: plan.resized, dropped: plan.dropped }, form, preset };
  const isOtherModel = form && wanted && (form.numLayers !== wanted.numLayers || form.embedDim !== wanted.embedDim || form.ffnDim !== wanted.ffnDim || form.patchSize !== wanted.patchSize);
  if (isOtherModel) {
    const remedy = preset ? `The file looks like the ${form.size} model: make yours with ${preset}.` : "Make the model with the file's sizes.";
    throw new CheckpointError(`loadOfficial: ${file} holds ${formatForm(form)}; the model has ${formatForm(wanted)}. ${remedy}`, { details });
  }
  if (plan.taken.size === 0) {
    throw new CheckpointError(
      `loadOfficial: ${file} has none of the model's ${expected.size} tensors under their official names; its ${given.size} begin with ${formatList([...given.keys()].slice(0, 3))}. Expected a BEiT-3 checkpoint of microsoft/unilm, or one of officialStateDict. If names have something in front, say it in \`prefix\`; if the tensors lie under another key, in the \`part\` of openCheckpoint.`,
      { details },
    );
  }
  if (plan.mismatched.length > 0 && !ignoreMismatched) {
    const list = formatList(plan.mismatched.map(({ name, given: shape, expected: own }) => `${name} (${shape} in the file, ${own} in the model)`));
    throw new CheckpointError(`loadOfficial: ${file} has tensors of other shapes: ${list}. Make the model as the file's was, or pass ignoreMismatched to leave them as they are.`, { details });
  }
  if (strict && plan.missing.length + plan.unexpected.length > 0) {
    const parts = [
      plan.missing.length > 0 ? `missing ${formatList(plan.missing)}` : "",
      plan.unexpected.length > 0 ? `unexpected ${formatList(plan.unexpected)}` : "",
      plan.dropped.length > 0 ? `dropped ${formatList(plan.dropped)}` : "",
    ].filter(Boolean);
    throw new CheckpointError(`loadOfficial: in ${file}: ${parts.join("; ")}; expected exactly the model's ${expected.size} tensors. Leave \`strict\` out to load what fits.`, { details });
  }
}

const floats: ReadonlySet<ElementType> = new Set(["F32", "F16", "BF16", "F64"]);

function requireFloat({ name: file, entries }: OfficialFile, name: string): void {
  const { type } = entries.get(name)!;
  if (floats.has(type)) return;
  throw new CheckpointError(`loadOfficial: "${name}" of ${file} has type ${type}; expected a weight of floats (F32, F16, BF16 or F64). This is no checkpoint of a model in training form.`, { details: { name, type } });
}
