import type { BenchCase, Cannot, Run } from "../bench-case.ts";
import type { Unavailable } from "../measure.ts";

/** A library, set up as its documentation tells those who want speed, with a number of threads. */
export interface Target {
  name: string;
  /** For the table: what it is and how it is set up. */
  title: string;
  /** Folder under `peers` where it is installed on demand. Undefined for our own. */
  peer?: string;
  /** In the new process: imports the library and prepares a case. Libraries are imported nowhere else. */
  prepare(benchCase: BenchCase): Promise<Prepared | Cannot | Unavailable>;
}

export interface Prepared {
  run: Run;
  /** Version, threads, adapter: what the library says of itself. */
  version: string;
}
