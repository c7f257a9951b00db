import type { DType } from "@multiway/tensor/device";
import type { TileName } from "../kernels/matmul-tiles.ts";
import { noAbilities, type Abilities } from "./abilities.ts";

/** A buffer of a kernel: one that the program binds, or scratch memory of the plan. */
export type BufferReference = { kernel: number } | { scratch: number };

/**
 * How a stage sees a buffer. The binder turns it into `load_NAME(i: u32)` and `store_NAME(i: u32, value)`, where `i` counts elements from the
 * start of the buffer, or groups of four where `width` is 4. f16 loads as f32, bool as bool.
 */
export interface View {
  name: string;
  buffer: BufferReference;
  element: DType;
  width?: 1 | 4;
  access: "read" | "write" | "readwrite";
}

/** One dispatch. */
export interface Stage {
  label: string;
  views: readonly View[];
  workgroupSize: number;
  /** How many workgroups, as one number: the launch folds it into x and y, and `group` in the body counts them from 0. */
  workgroups: number;
  /** What the text starts with, such as `enable subgroups;`. */
  directives?: readonly string[];
  /** Parameters of the entry point beside the usual, such as `@builtin(subgroup_id) subgroup: u32`. */
  parameters?: readonly string[];
  /** Module scope: constants, workgroup variables and functions. */
  declarations?: string;
  /** Statements of the entry point. `group` and `lane` (within the workgroup), both u32, are in scope. */
  body: string;
}

/** What a kernel does on this device: dispatches in order. */
export interface Plan {
  stages: readonly Stage[];
  /** Sizes of the plan's scratch buffers. */
  scratchBytes: readonly number[];
}

/** What kernels may count on when they plan. */
export interface PlanLimits {
  maxStorageBuffers: number;
  maxWorkgroupBytes: number;
  maxWorkgroupSize: number;
  abilities: Abilities;
  /**
   * What a product with an f16 operand is computed in. "f32" (the default) unpacks halves, exactly. "f16" rounds the other operand to half too, so that
   * magnitudes beyond 65504 become infinite; it takes effect where the adapter can.
   */
  arithmetic?: "f32" | "f16";
  /** The tile for a class of products, where it was measured or is forced; undefined leaves the choice to the shape. */
  tileOf?: (shapeClass: string) => TileName | undefined;
}

/** The limits that every WebGPU implementation has. */
export const coreLimits: PlanLimits = { maxStorageBuffers: 8, maxWorkgroupBytes: 16384, maxWorkgroupSize: 256, abilities: noAbilities };
