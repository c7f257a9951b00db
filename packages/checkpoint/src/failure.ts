import { CheckpointError } from "@multiway/errors";

/** Where something went wrong: which function was called, and on which file. */
export interface Place {
  /** The function that the caller called. */
  caller: string;
  /** The file as the caller named it. */
  file: string;
}

/** `loadCheckpoint: "model.safetensors": <problem>. <remedy>` */
export function failure({ caller, file }: Place, problem: string, remedy: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}): CheckpointError {
  return new CheckpointError(`${caller}: ${JSON.stringify(file)}: ${problem}. ${remedy}`, { ...options, details: { file, ...options.details } });
}
