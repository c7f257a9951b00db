import { join, relative } from "node:path";
import type { EvaluationRecord } from "@multiway/training";
import { prepareFolder } from "../files/prepare-folder.ts";
import { openChosenDevice, type DeviceChoice } from "../open-chosen-device.ts";
import { runPretraining, type PretrainRunFlags } from "../pretrain/run.ts";
import { beginTraining } from "../training-run/begin.ts";
import { formatFigures } from "../training-run/format-figures.ts";

/** What `multiway pretrain` was asked for. */
export interface PretrainFlags extends PretrainRunFlags {
  device: DeviceChoice;
  threads?: number;
}

/** @returns the exit code */
export async function pretrain(flags: PretrainFlags): Promise<number> {
  const { out: outFolder } = flags;
  const { ui, interrupts } = beginTraining(outFolder);
  const { signal } = interrupts;
  try {
    await prepareFolder(outFolder);
    const device = await openChosenDevice(flags);
    let best: EvaluationRecord | undefined;
    try {
      ui.note(`Device: ${device.name}, ${device.description}`);
      best = await runPretraining(flags, { device, ui, signal });
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      ui.done();
      process.stderr.write("Stopped before anything was learnt; start again without --resume.\n");
      return interrupts.exitCode;
    } finally {
      await device.close();
    }
    ui.done();
    if (!best) {
      process.stderr.write("Stopped. The same command with --resume goes on from here.\n");
      return interrupts.exitCode;
    }
    const modelFolder = relative(process.cwd(), join(outFolder, "model"));
    process.stdout.write(`\nBest on validation, after ${best.step} steps   ${formatFigures(best.figures)}\n\nModel    ${modelFolder}, to go on from with: multiway finetune TASK --from ${modelFolder} --data FOLDER\n`);
    return 0;
  } finally {
    ui.done();
    interrupts.release();
  }
}
