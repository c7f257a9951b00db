import type { ElementType } from "../element-types.ts";
import type { PlannedTensor } from "../safetensors-write.ts";

/** PyTorch's storage classes; unsigned integers of more than one byte have none. */
export const storageClasses: Readonly<Partial<Record<ElementType, string>>> = {
  F64: "DoubleStorage", F32: "FloatStorage", F16: "HalfStorage", BF16: "BFloat16Storage", I64: "LongStorage", I32: "IntStorage", I16: "ShortStorage", I8: "CharStorage", U8: "ByteStorage", BOOL: "BoolStorage",
};

/**
 * A pickle of protocol 2 of `{part: OrderedDict(name → tensor), …texts}`, or, where `part` is empty, of the inner dictionary alone, with storages numbered in order, as `torch.save` writes a state dictionary.
 * Only what `torch.load(weights_only=True)` takes is in it.
 */
export function pickleStateDict(part: string, tensors: readonly PlannedTensor[], texts: Readonly<Record<string, string>>): Uint8Array {
  const out = new PickleWriter();
  out.opcode(0x80, 2);
  if (part !== "") out.emptyDictionary().text(part);
  out.orderedDictionary().opcode(0x28); // MARK
  tensors.forEach(({ name, type, shape }, key) => {
    const length = shape.reduce((product, extent) => product * extent, 1);
    out.text(name).global("torch._utils", "_rebuild_tensor_v2").opcode(0x28);
    out.opcode(0x28).text("storage").global("torch", storageClasses[type]!).text(String(key)).text("cpu").integer(length).opcode(0x74, 0x51); // TUPLE, BINPERSID
    out.integer(0).integers(shape).integers(rowMajorStrides(shape)).opcode(0x89).orderedDictionary().opcode(0x74, 0x52); // NEWFALSE, TUPLE, REDUCE
  });
  out.opcode(0x75); // SETITEMS
  if (part !== "") out.opcode(0x73); // SETITEM
  for (const [key, value] of Object.entries(texts)) out.text(key).text(value).opcode(0x73);
  return out.opcode(0x2e).bytes();
}

const rowMajorStrides = (shape: readonly number[]): number[] => shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));

class PickleWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;

  opcode(...codes: number[]): this {
    return this.#append(Uint8Array.from(codes));
  }
  text(value: string): this {
    const encoded = new TextEncoder().encode(value);
    const head = new Uint8Array(5);
    head[0] = 0x58; // BINUNICODE
    new DataView(head.buffer).setUint32(1, encoded.length, true);
    return this.#append(head).#append(encoded);
  }
  global(module: string, name: string): this {
    return this.#append(new TextEncoder().encode(`c${module}\n${name}\n`));
  }
  emptyDictionary(): this {
    return this.opcode(0x7d);
  }
  orderedDictionary(): this {
    return this.global("collections", "OrderedDict").opcode(0x29, 0x52); // EMPTY_TUPLE, REDUCE
  }
  integers(values: readonly number[]): this {
    this.opcode(0x28);
    for (const value of values) this.integer(value);
    return this.opcode(0x74);
  }
  integer(value: number): this {
    const bytes = new Uint8Array(value < 2 ** 31 ? 5 : 10);
    const view = new DataView(bytes.buffer);
    if (value < 2 ** 31) {
      bytes[0] = 0x4a; // BININT
      view.setInt32(1, value, true);
    } else {
      bytes.set([0x8a, 8]); // LONG1
      view.setBigInt64(2, BigInt(value), true);
    }
    return this.#append(bytes);
  }
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #append(bytes: Uint8Array): this {
    if (this.#length + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.#length + bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }
}
