export { ByteWriter } from "./bytes.ts";
export { Code, fusedMultiplyAdd, type Label, type Target } from "./code.ts";
export { call, ModuleBuilder, type FunctionReference, type Locals, type ModuleOptions } from "./module.ts";
export { f32, i32, select } from "./scalars.ts";
export { f32x4, i16x8, i32x4, i8x16, v128 } from "./simd.ts";
export {
  asF32,
  asI32,
  Local,
  type F32,
  type F32Operand,
  type F64,
  type I32,
  type I32Operand,
  type I64,
  type V128,
  type Value,
  type ValueType,
} from "./value.ts";
