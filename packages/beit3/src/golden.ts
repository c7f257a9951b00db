import { DataError, formatValue } from "@multiway/errors";
import type { Device } from "@multiway/tensor";
import type { GoldenResult, ReadFile } from "@multiway/transformer/golden";
import { runBase } from "./golden/base-case.ts";
import { runBeamSearch, runCaptionSteps } from "./golden/caption-cases.ts";
import { runHead } from "./golden/head-case.ts";
import { runTraining } from "./golden/train-case.ts";
import { runInitialValues } from "./golden/initial-values.ts";
import { runReleaseShapes } from "./golden/release-shapes.ts";
import { runTextRecords } from "./golden/text-records.ts";

export type { GoldenResult };

const runners: Readonly<Record<string, (manifest: unknown, readFile: ReadFile, device: Device) => Promise<GoldenResult[]>>> = {
  "beit3.base": runBase,
  "beit3.beam": runBeamSearch,
  "beit3.caption_steps": runCaptionSteps,
  "beit3.head": runHead,
  "beit3.train": runTraining,
  "beit3.initial_values": runInitialValues,
  "beit3.release_shapes": runReleaseShapes,
  "beit3.text_records": runTextRecords,
};

/** The kinds of manifests that {@link runBeit3Case} takes. */
export const beit3Kinds: readonly string[] = Object.keys(runners);

/**
 * Runs a golden case of the whole model.
 *
 * @param manifest  the parsed JSON, of a kind in {@link beit3Kinds}
 * @param readFile  gives the bytes of a file that the manifest names
 * @returns         one result per compared value
 * @throws DataError when the manifest is not of this format; CheckpointError when a file or a weight does not fit
 */
export async function runBeit3Case(manifest: unknown, readFile: ReadFile, device: Device): Promise<GoldenResult[]> {
  const kind = (manifest as { kind?: unknown } | null)?.kind;
  if (typeof kind !== "string" || !Object.hasOwn(runners, kind)) throw new DataError(`runBeit3Case: the manifest has kind ${formatValue(kind)}; expected ${beit3Kinds.join(" or ")}.`);
  return await runners[kind]!(manifest, readFile, device);
}
