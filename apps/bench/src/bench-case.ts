import type { Device } from "@multiway/tensor";
import type { OnnxCase } from "./onnx/model.ts";
import type { JaxJs } from "./targets/jax-js.ts";
import type { Tfjs } from "./targets/tfjs.ts";

/** One iteration, from inputs that are in place to results that the caller can read. */
export interface Run {
  (): Promise<readonly ArrayLike<number>[]>;
  /** Brings a result into the order in which results are compared, where a library has a layout of its own. Not timed. */
  arrange?: (result: ArrayLike<number>) => ArrayLike<number>;
}

/** Why a target has no such case. */
export interface Cannot {
  cannot: string;
}

/** A piece of work, and how each library does it: as its documentation tells those who want speed. */
export interface BenchCase {
  name: string;
  /** What is computed, for the table. */
  does: string;
  /** Floating-point operations of the products that the mathematics needs. Undefined where products are not the work. */
  flops?: number;
  /** How far two targets may lie apart: a fraction of the mean absolute value. */
  tolerance: number;
  /** How many first results are compared, one behind the other: more than one where an iteration goes on from the last. Default 1. */
  comparedRuns?: number;
  /** Work for a GPU, which takes minutes on a CPU: run only when it is named. */
  isOnRequest?: boolean;
  /** Time a new process from its start to its first result, once a round. */
  isCold?: boolean;
  /** Imports our packages when it is called: a process that times another library does not load them. */
  multiway: (device: Device) => Promise<Run>;
  onnx: (() => OnnxCase) | Cannot;
  tfjs: ((tf: Tfjs) => Run) | Cannot;
  jaxJs: ((jax: JaxJs) => Run) | Cannot;
  /** Plain data that `targets/pytorch.py` makes its case from. */
  pytorch: Readonly<Record<string, unknown> & { kind: string }> | Cannot;
}

export const isCannot = (value: object): value is Cannot => "cannot" in value;
