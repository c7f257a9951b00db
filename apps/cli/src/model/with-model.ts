import { loadBeit3, type Beit3, type LoadBeit3Options } from "@multiway/beit3";
import { catchInterrupts } from "../interrupts.ts";
import { openChosenDevice } from "../open-chosen-device.ts";
import { LoadingLine } from "./loading-line.ts";
import type { ModelFlags } from "./model-flags.ts";

/**
 * Loads the model that the flags name, uses it, and closes its device. Ctrl-C ends it at the next chance.
 *
 * @returns the exit code
 */
export async function withModel({ model: place, preset, tokenizer, ...flags }: ModelFlags, more: Pick<LoadBeit3Options, "answers" | "classes">, use: (model: Beit3, signal: AbortSignal) => Promise<void>): Promise<number> {
  const line = new LoadingLine(process.stderr);
  const interrupts = catchInterrupts({ onStop: () => line.clear(), onEnd: () => line.clear() });
  const { signal } = interrupts;
  try {
    const device = await openChosenDevice(flags);
    try {
      const model = await loadBeit3(place, { device, signal, ...(preset && { preset }), ...(tokenizer !== undefined && { tokenizer }), ...more, onProgress: (progress) => line.show(progress) });
      line.clear();
      await use(model, signal);
      return 0;
    } finally {
      line.clear();
      await device.close();
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    process.stderr.write("Stopped.\n");
    return interrupts.exitCode;
  } finally {
    interrupts.release();
  }
}
