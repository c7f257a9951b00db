import { constants } from "node:os";

export interface Interrupts {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Of a process that was stopped: 130 for Ctrl-C, 143 for SIGTERM. */
  readonly exitCode: number;
  /** Signals do again what they always do. */
  release(): void;
}

/**
 * Listens for Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once.
 *
 * @param options.onStop  the first signal has come
 * @param options.onEnd   the process ends now; only what is synchronous is done
 */
export function catchInterrupts({ onStop, onEnd }: { onStop: () => void; onEnd: () => void }): Interrupts {
  const controller = new AbortController();
  let exitCode = 0;
  const listen = (name: NodeJS.Signals): void => {
    exitCode = 128 + constants.signals[name];
    if (controller.signal.aborted) {
      onEnd();
      process.exit(exitCode);
    }
    onStop();
    controller.abort();
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, listen);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release() {
      for (const name of names) process.off(name, listen);
    },
  };
}
