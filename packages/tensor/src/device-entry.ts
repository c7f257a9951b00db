/** `@multiway/tensor/device`: what a device is made of. For those who write one. */
export type { DeviceBackend, DeviceBuffer, DeviceCounters, DeviceFactory, DeviceLimits, KernelExplanation, LoadedProgram } from "./backend.ts";
export { allDTypes, bytesOf, isFloat, registerType, type DType, type HostArray, type HostArrays, type RegisterType } from "./dtype.ts";
export {
  epilogueLoop,
  type Access,
  type BinaryOperation,
  type Combine,
  type Epilogue,
  type Instruction,
  type Kernel,
  type KernelBuffer,
  type Layout,
  type LoopKernel,
  type OpKernel,
  type Reduction,
  type Store,
  type UnaryOperation,
} from "./kernel-ir.ts";
export { sizeOf } from "./shape.ts";
export { wrapDevices } from "./device.ts";
export { Order } from "./order.ts";
export { recordCallSites } from "./call-site.ts";
export { kernelOpNames, type KernelOpName } from "./kernel-ops.ts";
export { loopForm, loopFormText, type ConstantInstruction, type LoopForm } from "./loop-form.ts";
export { launchesOf, type Place, type Program, type ProgramBuffer, type Step, type StepOp } from "./program.ts";
