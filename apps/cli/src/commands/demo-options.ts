import type { DeviceChoice } from "../open-chosen-device.ts";

/** What `multiway demo` was asked for. */
export interface DemoOptions {
  device: DeviceChoice;
  /** Threads of the CPU device. Default: one per core. */
  threads?: number;
  /** Steps of pretraining; retrieval gets as many in proportion. Default: what the demo is tuned for. */
  steps?: number;
  seed: number;
  /** Where everything is written; it exists and can be written to. */
  out: string;
  /** The folder of emoji pictures. */
  data: string;
  /** Go on where the run in `out` was stopped. */
  resume: boolean;
  /** Train the same model from scratch, too. */
  compare: boolean;
  /** Aborted by Ctrl-C: the step under way is finished, and what was learnt saved. */
  signal: AbortSignal;
}
