import { sizeBytes, type ElementType } from "../element-types.ts";
import { PickledTensor, type Storage } from "./pickled.ts";

/** A class or function of Python that files may name, and what a call of it becomes here. Undefined where the arguments do not fit. */
export interface KnownClass {
  isKnownClass: true;
  name: string;
  make?: (values: readonly unknown[]) => unknown;
  /** Attributes are set on what was made. */
  isNamespace?: boolean;
  /** Of a storage class or a dtype. */
  type?: ElementType;
}

/** A thing under construction that Python would hand a state. */
export interface Mutable {
  setState?: (state: unknown) => void;
}

class NumpyType implements Mutable {
  isBigEndian = false;
  constructor(readonly code: string) {}
  setState(state: unknown): void {
    this.isBigEndian = Array.isArray(state) && state[1] === ">";
  }
}

export const isMutable = (value: unknown): value is Mutable => value instanceof NumpyType;

/** Names of storage classes and dtypes of PyTorch. */
const torchTypes: readonly (readonly [storage: string, dtypes: readonly string[], type: ElementType])[] = [
  ["DoubleStorage", ["float64", "double"], "F64"],
  ["FloatStorage", ["float32", "float"], "F32"],
  ["HalfStorage", ["float16", "half"], "F16"],
  ["BFloat16Storage", ["bfloat16"], "BF16"],
  ["LongStorage", ["int64", "long"], "I64"],
  ["IntStorage", ["int32", "int"], "I32"],
  ["ShortStorage", ["int16", "short"], "I16"],
  ["CharStorage", ["int8"], "I8"],
  ["ByteStorage", ["uint8"], "U8"],
  ["BoolStorage", ["bool"], "BOOL"],
];

const known = new Map<string, KnownClass>();
const add = (name: string, rest: Omit<KnownClass, "isKnownClass" | "name"> = {}): void => void known.set(name, { isKnownClass: true, name, ...rest });

for (const [storage, dtypes, type] of torchTypes) {
  add(`torch.${storage}`, { type });
  for (const dtype of dtypes) add(`torch.${dtype}`, { type });
}
for (const [dtype, type] of [["uint16", "U16"], ["uint32", "U32"], ["uint64", "U64"]] as const) add(`torch.${dtype}`, { type });
for (const name of ["torch.storage.UntypedStorage", "torch.UntypedStorage", "torch.storage._UntypedStorage"]) add(name);

add("torch._utils._rebuild_tensor", { make: ([storage, offset, shape, strides]) => tensor(storage, offset, shape, strides) });
add("torch._utils._rebuild_tensor_v2", { make: ([storage, offset, shape, strides]) => tensor(storage, offset, shape, strides) });
add("torch._utils._rebuild_tensor_v3", { make: ([storage, offset, shape, strides, , , dtype]) => tensor(storage, offset, shape, strides, (dtype as KnownClass | undefined)?.type) });
for (const name of ["_rebuild_parameter", "_rebuild_parameter_with_state"]) add(`torch._utils.${name}`, { make: ([data]) => (data instanceof PickledTensor ? data : undefined) });
add("torch.Size", { make: ([sizes = []]) => (Array.isArray(sizes) ? sizes : undefined) });
add("torch.device", { make: (parts) => parts.join(":") });
add("torch.serialization._get_layout", { make: ([layout]) => layout });

const dictionary = (pairs: unknown): Map<unknown, unknown> | undefined =>
  pairs === undefined ? new Map() : pairs instanceof Map ? new Map(pairs) : Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair) && pair.length === 2) ? new Map(pairs as [unknown, unknown][]) : undefined;
for (const module of ["builtins", "__builtin__"]) {
  add(`${module}.object`);
  add(`${module}.dict`, { make: ([pairs]) => dictionary(pairs) });
  add(`${module}.list`, { make: ([items = []]) => (Array.isArray(items) ? [...items] : undefined) });
  add(`${module}.tuple`, { make: ([items = []]) => (Array.isArray(items) ? [...items] : undefined) });
  for (const name of ["set", "frozenset"]) add(`${module}.${name}`, { make: ([items = []]) => (Array.isArray(items) ? new Set(items) : undefined) });
  for (const name of ["int", "float", "str", "bool"]) add(`${module}.${name}`);
  add(`${module}.bytearray`, { make: ([content]) => (content instanceof Uint8Array ? content : content === undefined ? new Uint8Array() : latin1Bytes(content)) });
}
add("collections.OrderedDict", { make: ([pairs]) => dictionary(pairs) });
add("collections.Counter", { make: ([pairs]) => dictionary(pairs) });
add("collections.defaultdict", { make: ([, pairs]) => dictionary(pairs) });
add("argparse.Namespace", { make: () => new Map(), isNamespace: true });
for (const name of ["copy_reg._reconstructor", "copyreg._reconstructor"]) add(name, { make: ([of]) => (of as KnownClass | undefined)?.make?.([]), isNamespace: true });
add("_codecs.encode", { make: ([text]) => latin1Bytes(text) });

add("numpy.dtype", { make: ([code]) => (typeof code === "string" ? new NumpyType(code) : undefined) });
for (const core of ["core", "_core"]) add(`numpy.${core}.multiarray.scalar`, { make: ([type, bytes]) => numpyScalar(type, bytes) });

/** A class that files may name. */
export const knownClass = (module: string, name: string): KnownClass | undefined => known.get(`${module}.${name}`);

function tensor(storage: unknown, offset: unknown, shape: unknown, strides: unknown, type = (storage as Storage | undefined)?.type): PickledTensor | undefined {
  if (!isStorage(storage) || type === undefined || !isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length) return undefined;
  if (!Number.isFinite(sizeBytes(type, shape))) return undefined;
  return new PickledTensor(type, shape, strides, offset, storage);
}

/** As many axes as PyTorch allows. */
const isCounts = (value: unknown): value is readonly number[] => Array.isArray(value) && value.length <= 64 && value.every(isCount);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isStorage = (value: unknown): value is Storage => typeof value === "object" && value !== null && "key" in value && "length" in value;

/** The bytes that Python spells as characters up to 255. */
function latin1Bytes(text: unknown): Uint8Array | undefined {
  return typeof text === "string" && /^[\0-\xff]*$/.test(text) ? Uint8Array.from(text, (character) => character.charCodeAt(0)) : undefined;
}

function numpyScalar(type: unknown, bytes: unknown): number | bigint | boolean | undefined {
  if (!(type instanceof NumpyType) || !(bytes instanceof Uint8Array)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !type.isBigEndian;
  const read: Readonly<Record<string, (() => number | bigint | boolean) | undefined>> = {
    f8: () => view.getFloat64(0, little), f4: () => view.getFloat32(0, little), i8: () => Number(view.getBigInt64(0, little)), u8: () => Number(view.getBigUint64(0, little)),
    i4: () => view.getInt32(0, little), u4: () => view.getUint32(0, little), i2: () => view.getInt16(0, little), u2: () => view.getUint16(0, little), i1: () => view.getInt8(0), u1: () => view.getUint8(0), b1: () => view.getUint8(0) !== 0,
  };
  const size = Number(type.code.slice(1));
  return view.byteLength === size ? read[type.code]?.() : undefined;
}
