import { removeTemporaries } from "../files/prepare-folder.ts";
import { catchInterrupts } from "../interrupts.ts";
import { TerminalUi } from "../progress/terminal-ui.ts";

/** What a training shows itself with, and how it is stopped: the first Ctrl-C lets it save. */
export function beginTraining(outFolder: string): { ui: TerminalUi; interrupts: ReturnType<typeof catchInterrupts> } {
  const ui = new TerminalUi(process.stderr);
  const interrupts = catchInterrupts({
    onStop: () => ui.note("Stopping after this step; what was learnt is saved. Go on with --resume."),
    onEnd: () => removeTemporaries(outFolder),
  });
  return { ui, interrupts };
}
