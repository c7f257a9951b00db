import { CheckpointError } from "@multiway/errors";
import { openDevice, type Device } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeSafetensors, loadCheckpoint, openCheckpoint, type Elements, type ElementType, type HostTensor } from "./index.ts";
import { windowBytes } from "./read-onto-device.ts";

let device: Device;
beforeAll(async () => {
  device = await openDevice(wasm({ threads: 1 }));
});
afterAll(() => device.close());

/** A window and a few elements; each follows from its place. */
const longer: Readonly<Record<Exclude<ElementType, "F64" | "U64" | "U16" | "I16">, Elements>> = {
  F32: Float32Array.from({ length: windowBytes / 4 + 3 }, (_, i) => i / 3),
  F16: Uint16Array.from({ length: windowBytes / 2 + 3 }, (_, i) => i % 31744),
  BF16: Uint16Array.from({ length: windowBytes / 2 + 3 }, (_, i) => 0x3f80 + (i % 127)),
  I64: BigInt64Array.from({ length: windowBytes / 8 + 9 }, (_, i) => BigInt(-i)),
  I32: Int32Array.from({ length: windowBytes / 4 + 3 }, (_, i) => -i),
  U32: Uint32Array.from({ length: windowBytes / 4 + 3 }, (_, i) => 2 ** 32 - 1 - i),
  I8: Int8Array.from({ length: windowBytes + 3 }, (_, i) => i),
  U8: Uint8Array.from({ length: windowBytes + 3 }, (_, i) => i),
  BOOL: Uint8Array.from({ length: windowBytes + 3 }, (_, i) => (i % 3) & 1),
};
const inWindows = (type: ElementType, data: Elements): HostTensor => ({ type, shape: [data.length], data });

describe("a tensor that is longer than a window", () => {
  it.each(Object.keys(longer) as (keyof typeof longer)[])("arrives whole: %s", async (type) => {
    // Behind something odd, so that views do not lie at whole elements.
    await using reader = await openCheckpoint(encodeSafetensors({ x: inWindows(type, longer[type]), odd: { shape: [3], type: "U8", data: Uint8Array.of(1, 2, 3) } }));
    using x = await reader.readOnto(device, "x");
    const expected = (await reader.read("x")).toHost();
    const given = await x.data();
    expect(given.length).toBe(expected.length);
    const wanted = type === "F16" ? (await x.cast("f32").data()) : Float32Array.from(expected);
    expect(given.findIndex((value, position) => Math.fround(value) !== wanted[position])).toBe(-1);
  });
  it("keeps bfloat16 in 16 bits on request", async () => {
    await using reader = await openCheckpoint(encodeSafetensors({ x: inWindows("BF16", longer.BF16) }));
    using narrow = await reader.readOnto(device, "x", { bfloat16: "f16" });
    using wide = await reader.readOnto(device, "x");
    expect([narrow.dtype, wide.dtype]).toEqual(["f16", "f32"]);
    expect(await narrow.cast("f32").sub(wide).abs().max().data()).toEqual(Float32Array.of(0));
  });
  it("counts elements from its start when one does not fit, and leaves nothing on the device", async () => {
    const data = longer.I64.slice() as BigInt64Array;
    data[windowBytes / 8 + 5] = 2n ** 40n;
    const before = device.counters.liveBuffers;
    const error: unknown = await loadCheckpoint(encodeSafetensors({ first: inWindows("I32", longer.I32), x: inWindows("I64", data) }), { device }).catch((caught: unknown) => caught);
    expect(CheckpointError.isInstance(error)).toBe(true);
    expect((error as Error).message).toContain(`element ${windowBytes / 8 + 5} of "x" (I64) is 1099511627776; expected`);
    expect(device.counters.liveBuffers).toBe(before);
  });
  it("two at the same time do not share a window", async () => {
    await using reader = await openCheckpoint(encodeSafetensors({ a: inWindows("F32", longer.F32), b: inWindows("F32", (longer.F32 as Float32Array).map((value) => -value)) }));
    const [a, b] = await Promise.all([reader.readOnto(device, "a"), reader.readOnto(device, "b")]);
    expect(await a.add(b).abs().max().data()).toEqual(Float32Array.of(0));
  });
});
