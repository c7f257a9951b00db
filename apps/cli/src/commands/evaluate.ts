import { resolve } from "node:path";
import type { DatasetTask } from "@multiway/data";
import { writeAtomic } from "../files/write-atomic.ts";
import { evaluateFolder, type EvaluateFolderFlags } from "../finetune/evaluate-folder.ts";
import { formatFigures } from "../training-run/format-figures.ts";
import { catchInterrupts } from "../interrupts.ts";
import { openChosenDevice, type DeviceChoice } from "../open-chosen-device.ts";
import { TerminalUi } from "../progress/terminal-ui.ts";

/** What `multiway evaluate` was asked for. */
export interface EvaluateFlags extends EvaluateFolderFlags {
  device: DeviceChoice;
  threads?: number;
  json: boolean;
  /** Where what the model said of each example goes, as JSON Lines. */
  predictions?: string;
}

/** @returns the exit code */
export async function evaluate(task: DatasetTask, flags: EvaluateFlags): Promise<number> {
  const ui = new TerminalUi(process.stderr);
  const interrupts = catchInterrupts({ onStop: () => ui.note("Stopping."), onEnd: () => {} });
  const device = await openChosenDevice(flags);
  try {
    const { split, count, figures, predictions } = await evaluateFolder(task, flags, { device, ui, signal: interrupts.signal });
    if (flags.predictions !== undefined) await writeAtomic(resolve(flags.predictions), predictions.map((prediction) => `${JSON.stringify(prediction)}\n`).join(""));
    ui.done();
    process.stdout.write(flags.json ? `${JSON.stringify({ task, split, examples: count, ...figures })}\n` : `${count} ${split} examples: ${formatFigures(figures)}\n`);
    return 0;
  } catch (error) {
    if (interrupts.signal.aborted && error === interrupts.signal.reason) return interrupts.exitCode;
    throw error;
  } finally {
    ui.done();
    await device.close();
    interrupts.release();
  }
}
