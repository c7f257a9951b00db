import { CheckpointError } from "@multiway/errors";
import type { Module } from "@multiway/nn";
import { nameOfOfficial, translateToOfficial } from "./checkpoint-names.ts";

/**
 * A model's tensors under the names of official checkpoints, one to one.
 *
 * A class declares them: `static readonly officialNames = officialNamesOf("transformer", { "head.weight": "head.weight" })`.
 */
export interface OfficialNames {
  /** undefined for a tensor that official checkpoints do not have. */
  toOfficial(ours: string): string | undefined;
  /** undefined for a tensor that this model does not have. */
  toOurs(official: string): string | undefined;
}

/** What the encoder's names begin with in files of the released models. */
export const encoderPrefix = "beit3.";

/**
 * @param place  of the Multiway Transformer in the model; "" where the model is one
 * @param heads  official names of its other tensors, by ours
 */
export function officialNamesOf(place: string, heads: Readonly<Record<string, string>> = {}): OfficialNames {
  const before = place === "" ? "" : `${place}.`;
  const toOfficial = new Map(Object.entries(heads));
  const toOurs = new Map(Object.entries(heads).map(([ours, official]) => [official, ours]));
  return {
    toOfficial: (ours) => {
      const encoder = ours.startsWith(before) ? translateToOfficial(ours.slice(before.length)) : undefined;
      return encoder === undefined ? toOfficial.get(ours) : encoderPrefix + encoder;
    },
    toOurs: (official) => {
      const encoder = official.startsWith(encoderPrefix) ? nameOfOfficial(official.slice(encoderPrefix.length)) : undefined;
      return encoder === undefined ? toOurs.get(official) : before + encoder;
    },
  };
}

/** The names that a model's class declares. @throws CheckpointError when it declares none, or the model has tensors that official checkpoints do not */
export function officialNamesFor(caller: string, model: Module): OfficialNames {
  const names = (model.constructor as { officialNames?: OfficialNames }).officialNames;
  if (!names) throw new CheckpointError(`${caller}: ${model.constructor.name} declares no official names; expected a class with a static field \`officialNames\`. Make it with officialNamesOf.`);
  const strange = model.tensors().find(({ name }) => names.toOfficial(name) === undefined);
  if (strange) {
    throw new CheckpointError(
      `${caller}: "${strange.name}" of this ${model.constructor.name} has no official name; expected the released form, in which everything is split by modality and nothing else is there. Make the model with releasedForm, or keep it in a file of its own with saveCheckpoint.`,
      { details: { name: strange.name } },
    );
  }
  return names;
}
