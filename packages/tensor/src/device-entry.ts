/** `@multiway/tensor/device`: what a device is made of. For those who write one. */
export type { DeviceBackend, DeviceBuffer, DeviceCounters, DeviceFactory, DeviceLimits, LoadedProgram } from "./backend.ts";
export { allDTypes, bytesOf, isFloat, registerType, type DType, type HostArray, type HostArrays, type RegisterType } from "./dtype.ts";
export type {
  Access,
  BinaryOperation,
  Combine,
  Instruction,
  Kernel,
  KernelBuffer,
  Layout,
  LoopKernel,
  OpKernel,
  Reduction,
  Store,
  UnaryOperation,
} from "./kernel-ir.ts";
export { kernelOpNames, type KernelOpName } from "./kernel-ops.ts";
export type { Place, Program, ProgramBuffer, Step } from "./program.ts";
