import { bytesOf, type Layout, type OpKernel } from "@multiway/tensor/device";
import { f32, i32, type Code, type FunctionReference, type Local, type ModuleBuilder, type Target } from "../assembler/index.ts";

/** Names and types of what a kernel function is handed, besides its range of tasks. Addresses are i32. */
export type ParameterTypes = Readonly<Record<string, "i32" | "f32">>;

/** What every kernel function is handed. */
export interface TaskRange {
  /** Address of this thread's scratch memory; 64-byte aligned, `scratchBytes` long, uninitialised and lost after the call. */
  scratch: Local<"i32">;
  /** The function does the tasks from `firstTask` up to, without, `endTask`. */
  firstTask: Local<"i32">;
  endTask: Local<"i32">;
}

/**
 * A function of generated WebAssembly.
 *
 * Any thread may run any range of tasks, in any order; so a task is a slice of work that depends on the shapes alone, and what it computes must not
 * depend on the tasks that the same call does beside it.
 */
export interface KernelFunction<Parameters extends ParameterTypes = ParameterTypes> {
  /** Says everything that shapes the code: two functions of one key are the same function, compiled once per device. */
  readonly key: string;
  readonly parameters: Parameters;
  body(code: Code, values: { readonly [Name in keyof Parameters]: Local<Parameters[Name]> } & TaskRange, module: ModuleBuilder): void;
}

/** For the inference of parameter names. */
export function kernelFunction<const Parameters extends ParameterTypes>(definition: KernelFunction<Parameters>): KernelFunction<Parameters> {
  return definition;
}

/** What a parameter is set to: a literal, the address of one of the kernel's buffers, or an address in its workspace. */
export type Argument = number | { buffer: number; offsetBytes?: number } | { workspaceOffsetBytes: number };

/** Where an operand begins. */
export const address = ({ buffer, offset, dtype }: Layout): Argument => ({ buffer, offsetBytes: offset * bytesOf(dtype) });

/** One function over all its tasks. All threads share the tasks; the next phase starts when the last task is done. */
export interface Phase {
  readonly function: KernelFunction;
  /** Decided by shapes, never by the number of threads. 0 skips the phase; consecutive phases of one task cost no barrier. */
  readonly tasks: number;
  readonly arguments: Readonly<Record<string, Argument>>;
}

export function phase<Parameters extends ParameterTypes>(
  definition: KernelFunction<Parameters>,
  tasks: number,
  values: { readonly [Name in keyof Parameters]: Argument },
): Phase {
  return { function: definition as unknown as KernelFunction, tasks, arguments: values };
}

/** What becomes of a kernel. */
export interface GeneratedKernel {
  readonly phases: readonly Phase[];
  /** Scratch memory of each thread. */
  readonly scratchBytes?: number;
  /** Memory that all threads share while the kernel runs, kept from phase to phase; 64-byte aligned, uninitialised. */
  readonly workspaceBytes?: number;
}

/** One way to do a kernel op. */
export interface OpImplementation {
  /** Named by strategy: `matmulPacked`. For logs. */
  readonly name: string;
  /** Left out, it accepts all that the op allows. */
  accepts?(kernel: OpKernel, target: Target): boolean;
  /** `generate` deals with the kernel's epilogue; otherwise it becomes a loop of its own behind. */
  readonly runsEpilogues?: boolean;
  generate(kernel: OpKernel, target: Target): GeneratedKernel | Promise<GeneratedKernel>;
}

/** The first that accepts wins; the last accepts everything. */
export type OpImplementations = readonly [OpImplementation, ...OpImplementation[]];

/**
 * Adds a kernel function to a module under the uniform signature `(arguments, scratch, firstTask, endTask)`. `arguments` is the address of the values
 * of its parameters, one 32-bit word each, in the order of `parameters`.
 */
export function defineKernelFunction(module: ModuleBuilder, exportName: string, definition: KernelFunction): FunctionReference {
  return module.define(exportName, ["i32", "i32", "i32", "i32"], [], (code, argumentsAddress, scratch, firstTask, endTask) => {
    const values: Record<string, Local> = { scratch, firstTask, endTask };
    Object.entries(definition.parameters).forEach(([name, type], position) => {
      values[name] = code.let((type === "f32" ? f32 : i32).load(argumentsAddress, 4 * position));
    });
    definition.body(code, values as Record<string, Local<"i32">> & TaskRange, module);
  });
}

const floatBits = new Float32Array(1);
const intBits = new Int32Array(floatBits.buffer);

/** The word that stands for a literal argument in memory. */
export function literalWord(type: "i32" | "f32", literal: number): number {
  if (type === "i32") return literal | 0;
  floatBits[0] = literal;
  return intBits[0]!;
}
