import { CheckpointError } from "@multiway/errors";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { encodeSafetensors, parseSafetensors, type ElementType, type HostTensor } from "./index.ts";

/** A file with any header, and data behind it. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}
const entry = (dtype: string, shape: unknown, begin: number, end: number) => ({ dtype, shape, data_offsets: [begin, end] });

const everything: Record<string, HostTensor> = {
  flags: { shape: [3], data: Uint8Array.of(1, 0, 1), type: "BOOL" },
  doubles: { shape: [2], data: Float64Array.of(Math.PI, -0) },
  halves: { shape: [2, 2], data: Uint16Array.of(0x3c00, 0xbc00, 0x7c00, 1), type: "F16" },
  brains: { shape: [2], data: Uint16Array.of(0x3f80, 0xc000), type: "BF16" },
  floats: { shape: [1, 3], data: Float32Array.of(1.5, Infinity, NaN) },
  long: { shape: [2], data: BigInt64Array.of(-2147483648n, 2147483647n) },
  int: { shape: [1], data: Int32Array.of(-7) },
  short: { shape: [1], data: Int16Array.of(-300) },
  tiny: { shape: [1], data: Int8Array.of(-128) },
  bytes: { shape: [2], data: Uint8Array.of(0, 255) },
  unsigned: { shape: [1], data: Uint32Array.of(4294967295) },
  words: { shape: [1], data: Uint16Array.of(65535), type: "U16" },
  longUnsigned: { shape: [1], data: BigUint64Array.of(4294967295n) },
  scalar: { shape: [], data: Float32Array.of(42) },
  nothing: { shape: [0, 5], data: new Float32Array(0) },
};

describe("encodeSafetensors, then parseSafetensors", () => {
  const file = encodeSafetensors(everything, { "näme": "wért" });
  it.each([0, 1])("gives every type back, bit for bit, from bytes at offset %i", (offset) => {
    const shifted = new Uint8Array(file.length + offset);
    shifted.set(file, offset);
    const { tensors, metadata } = parseSafetensors(shifted.subarray(offset));
    expect(metadata).toEqual({ "näme": "wért" });
    expect([...tensors.keys()]).toEqual(Object.keys(everything));
    for (const [name, { shape, data }] of Object.entries(everything)) {
      expect(tensors.get(name)!.shape).toEqual(shape);
      expect(tensors.get(name)!.elements).toEqual(data);
    }
  });
  it("lays views over the bytes instead of copying", () => {
    const { tensors } = parseSafetensors(file);
    for (const { elements } of tensors.values()) if (elements.length > 0) expect(elements.buffer).toBe(file.buffer);
  });
  it("aligns each tensor within the file and leaves no gap", () => {
    let bytes = 0;
    for (const { bytes: own, elements } of parseSafetensors(file).tensors.values()) {
      expect(own.byteOffset % elements.BYTES_PER_ELEMENT).toBe(0);
      bytes += own.length;
    }
    expect(Number(new DataView(file.buffer).getBigUint64(0, true)) % 8).toBe(0);
    expect(8 + Number(new DataView(file.buffer).getBigUint64(0, true)) + bytes).toBe(file.length);
  });
  it("gives devices what they take", () => {
    const { tensors } = parseSafetensors(file);
    const host = (name: string, widens = false) => tensors.get(name)!.toHost({ widens });
    expect(host("doubles")).toEqual(Float32Array.of(Math.fround(Math.PI), -0));
    expect(host("halves", true)).toEqual(Float32Array.of(1, -1, Infinity, 2 ** -24));
    expect(host("halves")).toEqual(everything["halves"]!.data);
    expect(host("brains")).toEqual(Float32Array.of(1, -2));
    expect(host("long")).toEqual(Int32Array.of(-2147483648, 2147483647));
    expect(host("tiny")).toEqual(Int32Array.of(-128));
    expect(host("short")).toEqual(Int32Array.of(-300));
    expect(host("longUnsigned")).toEqual(Uint32Array.of(4294967295));
    expect(host("words")).toEqual(Uint32Array.of(65535));
    expect(host("flags")).toEqual(Uint32Array.of(1, 0, 1));
    expect(Object.fromEntries([...tensors].map(([name, { dtype }]) => [name, dtype]))).toMatchObject({ doubles: "f32", halves: "f16", brains: "f32", long: "i32", tiny: "i32", bytes: "u32", flags: "bool" });
  });
  it("has no tensor and no text when there is none", () => {
    const empty = encodeSafetensors({});
    expect(empty.length).toBe(16);
    expect(parseSafetensors(empty)).toEqual({ tensors: new Map(), metadata: {} });
  });
  it("keeps names that objects treat specially", () => {
    const one = { shape: [], data: Int32Array.of(1) };
    const names = ["__proto__", "constructor", "12", "", "a.b", "\u{1f431}\"\\"];
    const { tensors } = parseSafetensors(encodeSafetensors(Object.fromEntries(names.map((name) => [name, one]))));
    expect([...tensors.keys()].sort()).toEqual([...names].sort());
  });
});

describe("toHost refuses values that do not fit", () => {
  const hostOf = (tensor: HostTensor) => parseSafetensors(encodeSafetensors({ x: tensor })).tensors.get("x")!.toHost();
  it.each<[string, HostTensor, string]>([
    ["I64", { shape: [2], data: BigInt64Array.of(0n, 2147483648n) }, 'element 1 of "x" (I64) is 2147483648; expected -2147483648 to 2147483647'],
    ["I64 below", { shape: [1], data: BigInt64Array.of(-2147483649n) }, 'element 0 of "x" (I64) is -2147483649'],
    ["U64", { shape: [1], data: BigUint64Array.of(4294967296n) }, 'element 0 of "x" (U64) is 4294967296; expected 0 to 4294967295'],
    ["F64", { shape: [1], data: Float64Array.of(1e39) }, 'element 0 of "x" (F64) is 1e+39; expected a number that f32 can hold'],
    ["BOOL", { shape: [1], data: Uint8Array.of(2), type: "BOOL" }, 'element 0 of "x" (BOOL) is 2; expected 0 or 1'],
  ])("%s", (_, tensor, message) => {
    expect(() => hostOf(tensor)).toThrow(message);
  });
});

describe("encodeSafetensors refuses", () => {
  it.each<[string, Record<string, HostTensor>, Record<string, string>, string]>([
    ["raw words without a type", { x: { shape: [1], data: Uint16Array.of(1) } }, {}, 'encodeSafetensors: "x" is a Uint16Array; expected a type beside it'],
    ["another type than the array", { x: { shape: [1], data: Float32Array.of(1), type: "F64" } }, {}, '"x" is a Float32Array to be written as F64; expected a Float64Array'],
    ["a shape of another size", { x: { shape: [2, 2], data: Float32Array.of(1) } }, {}, '"x" has 1 elements and shape [2, 2]'],
    ["the reserved name", { __metadata__: { shape: [], data: Float32Array.of(1) } }, {}, 'a tensor is called "__metadata__"'],
    ["metadata that is no text", {}, { step: 3 as unknown as string }, 'metadata has 3 under "step"; expected a text'],
  ])("%s", (_, tensors, metadata, message) => {
    expect(() => encodeSafetensors(tensors, metadata)).toThrow(message);
  });
});

describe("parseSafetensors refuses", () => {
  const announced = (length: bigint, rest = 0): Uint8Array => {
    const file = new Uint8Array(8 + rest);
    new DataView(file.buffer).setBigUint64(0, length, true);
    return file;
  };
  const f32 = (shape: unknown, begin: number, end: number) => ({ x: entry("F32", shape, begin, end) });
  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "the file has 0 bytes; expected at least 8"],
    ["a header beyond the file", announced(100n, 10), "bytes 0 to 7 announce a header of 100 bytes; 10 are left in the file"],
    ["a header of 2^64 − 1 bytes", announced(18446744073709551615n), "announce a header of 18446744073709551615 bytes; 0 are left"],
    ["a huge header that is there", announced(16n * 1024n * 1024n + 1n, 16 * 1024 * 1024 + 1), "at most 16777216 are read"],
    ["a header of no bytes", announced(0n), "a header of 0 bytes; expected at least 2"],
    ["bad JSON", fileOf('{"x":'), "the header, bytes 8 to 12, is no JSON"],
    ["an open string", fileOf('{"x'), "is no JSON"],
    ["bad UTF-8", fileOf("{}").fill(0xff, 8), "is no JSON"],
    ["deep nesting", fileOf(`{"x":${"[".repeat(100_000)}`), "more than 3 levels at character 7"],
    ["a header that is a list", fileOf("[]"), "the header is an array of 0; expected an object"],
    ["a header that is null", fileOf("null"), "the header is null"],
    ["a name twice", fileOf('{"a\\u0062":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"ab":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), 'the header names "ab" twice'],
    ["a key twice within an entry", fileOf('{"x":{"dtype":"U8","dtype":"F32","shape":[0],"data_offsets":[0,0]}}'), 'names "dtype" twice'],
    ["an entry that is no object", fileOf({ x: 3 }), 'tensor "x": its entry is 3'],
    ["an unknown type", fileOf({ x: entry("F8_E4M3", [1], 0, 1) }, 1), 'tensor "x": its dtype is "F8_E4M3"; expected one of F64, F32'],
    ["a type that objects have", fileOf({ x: entry("constructor", [1], 0, 1) }, 1), 'its dtype is "constructor"'],
    ["a negative extent", fileOf(f32([-1], 0, 4), 4), "its shape is [-1]; expected"],
    ["a fraction of an extent", fileOf(f32([1.5], 0, 6), 6), "its shape is [1.5]"],
    ["too many axes", fileOf(f32(Array(65).fill(1), 0, 4), 4), "its shape is an array of 65; expected at most 64"],
    ["a shape that is no list", fileOf(f32("4", 0, 4), 4), 'its shape is "4"'],
    ["a shape that overflows", fileOf(f32([94906266, 94906266], 0, 4), 4), "needs Infinity bytes, but its data_offsets [0, 4] hold 4"],
    ["a wrong size", fileOf(f32([2], 0, 4), 4), "F32[2] needs 8 bytes, but its data_offsets [0, 4] hold 4"],
    ["offsets in reverse", fileOf(f32([0], 4, 0), 4), "its data_offsets are [4, 0]; the file has 4 bytes of data"],
    ["offsets beyond the file", fileOf(f32([1000], 0, 4000), 4), "its data_offsets are [0, 4000]; the file has 4 bytes of data"],
    ["three offsets", fileOf({ x: { dtype: "F32", shape: [1], data_offsets: [0, 4, 8] } }, 4), "its data_offsets are [0,4,8]; expected two"],
    ["a misaligned tensor", fileOf({ a: entry("U8", [1], 0, 1), x: entry("F32", [1], 1, 5) }, 5), 'tensor "x": it begins at byte 1 of the data; expected a multiple of 4'],
    ["an overlap", fileOf({ a: entry("F32", [2], 0, 8), b: entry("F32", [2], 4, 12) }, 12), 'tensors "a" and "b" overlap at byte 4 of the data'],
    ["the same bytes twice", fileOf({ a: entry("F32", [1], 0, 4), b: entry("F32", [1], 0, 4) }, 4), 'tensors "a" and "b" overlap at byte 0'],
    ["a gap", fileOf({ a: entry("U8", [1], 0, 1), b: entry("U8", [1], 3, 4) }, 4), 'bytes 1 to 2 of the data, before tensor "b", belong to no tensor'],
    ["bytes behind the last tensor", fileOf(f32([1], 0, 4), 9), "but its tensors end at byte"],
    ["metadata that is no object", fileOf({ __metadata__: "hello" }), '"__metadata__" is "hello"; expected an object of texts'],
    ["metadata that is no text", fileOf({ __metadata__: { a: 1 } }), '"__metadata__" has 1 under "a"'],
  ])("%s", (_, file, message) => {
    const attempt = () => parseSafetensors(file, { source: "model.safetensors" });
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(/^parseSafetensors: "model\.safetensors": .*\. [A-Z]/);
    try {
      attempt();
    } catch (error) {
      expect(CheckpointError.isInstance(error)).toBe(true);
    }
  });
  it("nothing else than a CheckpointError, whatever byte is spoiled or wherever the file is cut", () => {
    const good = encodeSafetensors({ a: { shape: [2], data: Float32Array.of(1, 2) }, b: { shape: [3], data: Uint8Array.of(1, 2, 3) } }, { by: "me" });
    const random = key(3);
    const wrong: unknown[] = [];
    const attempt = (bytes: Uint8Array) => {
      try {
        parseSafetensors(bytes);
      } catch (error) {
        if (!CheckpointError.isInstance(error)) wrong.push(error);
      }
    };
    for (let round = 0; round < 2000; round++) {
      const spoiled = good.slice();
      const [position, value] = random.fold(round).uniform(2);
      spoiled[Math.floor(position! * spoiled.length)] = Math.floor(value! * 256);
      attempt(spoiled);
    }
    for (let length = 0; length < good.length; length++) {
      attempt(good.subarray(0, length));
      expect(() => parseSafetensors(good.subarray(0, length))).toThrow(CheckpointError);
    }
    expect(wrong).toEqual([]);
  });
});

/** A guard against forgetting a type when one is added. */
const types: ElementType[] = ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"];
it("covers every type above", () => {
  const { tensors } = parseSafetensors(encodeSafetensors(everything));
  expect(new Set([...tensors.values()].map(({ type }) => type))).toEqual(new Set(types));
});
