import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface ReadFigures {
  /** The most memory of the process at any time. */
  peakBytes: number;
  tensorCount: number;
}

/** Reads a checkpoint in a process of its own: not at all, tensor by tensor, or all of them onto the CPU device. */
export async function readInChild(path: string, way: "none" | "stream" | "wasm"): Promise<ReadFigures> {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@multiway/source", "--import", "tsx", join(import.meta.dirname, "read-large.samples.ts"), path, way], { cwd });
  return JSON.parse(stdout) as ReadFigures;
}
