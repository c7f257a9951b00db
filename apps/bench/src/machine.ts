import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, release, type } from "node:os";
import { benchFolder } from "./folders.ts";

/** Where and when a table came about. */
export interface Machine {
  processor: string;
  cores: number;
  system: string;
  node: string;
  /** With "and changes" when the tree differed from it. */
  commit: string;
  /** ISO, the day. */
  date: string;
}

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    system: `${type()} ${release()}`,
    node: process.version,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}

function commit(): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: benchFolder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return `${git("rev-parse", "--short=12", "HEAD")}${git("status", "--porcelain", "--untracked-files=no") === "" ? "" : " and changes"}`;
  } catch {
    return "unknown";
  }
}
