import { floatToHalf, type DType, type HostArray, type Shape } from "@multiway/tensor";
import { failure, type Place } from "../failure.ts";
import { narrowToBfloat16, widenBfloat16, widenHalf } from "./half-floats.ts";
import { elementTypes, isFloat, viewElements, type Elements, type ElementType } from "./element-types.ts";

/** Where a tensor lies in a file, and what it is. */
export interface TensorEntry {
  name: string;
  type: ElementType;
  shape: Shape;
  /** First byte and the byte after the last, counted from the file's begin, or from its storage's where it has one. */
  begin: number;
  end: number;
  /** About where in the file it lies, which is enough to read tensors in order. */
  near: number;
  /** The storage of a PyTorch file that it is a view of. */
  storage?: string;
  /** In elements, where these are not one behind the other in row-major order. */
  strides?: readonly number[];
}

/** Elements of a tensor in row-major order: the first, and the one after the last. */
export interface ElementRange {
  from: number;
  to: number;
}

/** What 16-bit floats become on a device. */
export interface HalfRules {
  /** F16: as it is, or f32. */
  halves: "keep" | "widen";
  /** BF16, which devices do not have: f32, or f16, whose range is narrower. */
  bfloat16: "f32" | "f16";
}

/** The dtype of a tensor that is made of a type: see {@link StoredTensor.dtype}. */
export function dtypeOnDevice(type: ElementType, { halves, bfloat16 }: HalfRules): DType {
  if (type === "BF16") return bfloat16;
  return type === "F16" && halves === "widen" ? "f32" : elementTypes[type].dtype;
}

/** Where a range of a tensor lies whose elements are one behind the other. */
export function entryOfRange<Entry extends TensorEntry>(entry: Entry, { from, to }: ElementRange): Entry {
  const { sizeBytes } = elementTypes[entry.type];
  return { ...entry, shape: [to - from], begin: entry.begin + from * sizeBytes, end: entry.begin + to * sizeBytes };
}

/** A tensor of a file, or a range of one. Nothing is converted before it is asked for. */
export class StoredTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  /** As in the file, little-endian. */
  readonly bytes: Uint8Array;
  readonly #place: Place;
  /** Elements of the tensor in front of these. */
  readonly #before: number;

  constructor({ name, type, shape }: Pick<TensorEntry, "name" | "type" | "shape">, bytes: Uint8Array, place: Place, before = 0) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.bytes = bytes;
    this.#place = place;
    this.#before = before;
  }

  /** The elements in the file's own type, row-major: a view over the bytes where they are aligned. F16 and BF16 are raw bits. */
  get elements(): Elements {
    return viewElements(this.type, this.bytes);
  }

  /** The dtype of a tensor made of it: F64, F32 and BF16 become f32, F16 stays f16, integers become i32 or u32 by their sign. */
  get dtype(): DType {
    return elementTypes[this.type].dtype;
  }

  /**
   * The elements as a device takes them: see {@link StoredTensor.dtype}.
   *
   * @param widens  F16 as f32 numbers. Default false: as raw bits
   * @throws CheckpointError for a 64-bit integer beyond 32 bits, a double beyond f32, or a bool that is neither 0 nor 1
   */
  toHost({ widens = false }: { widens?: boolean } = {}): HostArray {
    const { elements } = this;
    switch (this.type) {
      case "F32":
      case "I32":
      case "U32":
        return elements as HostArray;
      case "F16":
        return widens ? widenHalf(elements as Uint16Array) : (elements as Uint16Array);
      case "BF16":
        return widenBfloat16(elements as Uint16Array);
      case "F64":
        return this.#narrow(elements as Float64Array);
      case "I64":
        return Int32Array.from({ length: elements.length }, (_, i) => this.#integer(elements as BigInt64Array, i, -2147483648n, 2147483647n));
      case "U64":
        return Uint32Array.from({ length: elements.length }, (_, i) => this.#integer(elements as BigUint64Array, i, 0n, 4294967295n));
      case "BOOL": {
        const wrong = (elements as Uint8Array).findIndex((value) => value > 1);
        if (wrong >= 0) throw this.#misfit(wrong, elements[wrong]!, "expected 0 or 1");
        return Uint32Array.from(elements as Uint8Array);
      }
      case "I16":
      case "I8":
        return Int32Array.from(elements as Int16Array | Int8Array);
      case "U16":
      case "U8":
        return Uint32Array.from(elements as Uint16Array | Uint8Array);
    }
  }

  /** The elements and dtype of a tensor on a device: halves as such or widened, bfloat16 as f32 or, where its range allows it, f16. */
  toDevice(rules: HalfRules): { data: HostArray; dtype: DType } {
    const dtype = dtypeOnDevice(this.type, rules);
    if (this.type === "BF16" && dtype === "f16") return { data: this.convert("F16") as Uint16Array, dtype };
    return { data: this.toHost({ widens: rules.halves === "widen" }), dtype };
  }

  /**
   * The elements as floats of another width: the nearest, ties to even. Integers and bools stay as they are.
   *
   * @throws CheckpointError for a finite number that is beyond the type's range
   */
  convert(type: "F32" | "F16" | "BF16"): Elements {
    if (!isFloat(this.type) || this.type === type) return this.elements;
    // Its range is that of f32, so that nothing is lost on the way but what the end loses too.
    const wide = this.type === "F64" ? this.#narrow(this.elements as Float64Array) : (this.toHost({ widens: true }) as Float32Array);
    if (type === "F32") return wide;
    return type === "F16" ? this.#narrowToHalf(wide) : this.#narrowToBfloat16(wide);
  }

  #narrowToHalf(elements: Float32Array): Uint16Array {
    const halves = new Uint16Array(elements.length);
    for (let i = 0; i < halves.length; i++) {
      const value = elements[i]!;
      halves[i] = floatToHalf(value);
      if ((halves[i]! & 0x7fff) === 0x7c00 && Number.isFinite(value)) throw this.#misfit(i, value, "expected a number that f16 can hold, up to 65504");
    }
    return halves;
  }

  #narrowToBfloat16(elements: Float32Array): Uint16Array {
    const narrowed = narrowToBfloat16(elements);
    const wrong = narrowed.findIndex((bits, position) => (bits & 0x7fff) === 0x7f80 && Number.isFinite(elements[position]));
    if (wrong >= 0) throw this.#misfit(wrong, elements[wrong]!, "expected a number that bf16 can hold, up to 3.39e38");
    return narrowed;
  }

  #narrow(elements: Float64Array): Float32Array {
    const narrowed = Float32Array.from(elements);
    const wrong = narrowed.findIndex((value, position) => !Number.isFinite(value) && Number.isFinite(elements[position]));
    if (wrong >= 0) throw this.#misfit(wrong, elements[wrong]!, "expected a number that f32 can hold, up to 3.4e38");
    return narrowed;
  }

  #integer(elements: BigInt64Array | BigUint64Array, position: number, low: bigint, high: bigint): number {
    const value = elements[position]!;
    if (value < low || value > high) throw this.#misfit(position, value, `expected ${low} to ${high}`);
    return Number(value);
  }

  #misfit(position: number, value: number | bigint, expected: string) {
    const element = this.#before + position;
    return failure(this.#place, `element ${element} of "${this.name}" (${this.type}) is ${value}; ${expected}`, "Store it as a type that fits, or leave this tensor out with `only`.", {
      details: { name: this.name, position: element, value },
    });
  }
}
