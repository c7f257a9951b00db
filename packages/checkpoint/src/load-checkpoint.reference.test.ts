import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reference } from "@multiway/reference";
import { openDevice, type Device } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CheckpointError } from "@multiway/errors";
import { encodeSafetensors, loadCheckpoint, openCheckpoint, saveCheckpoint, type HostTensor } from "./index.ts";

let device: Device;
let folder: string;
beforeAll(async () => {
  device = await openDevice(reference());
  folder = await mkdtemp(join(tmpdir(), "multiway-load-"));
});
afterAll(async () => {
  await device.close();
  await rm(folder, { recursive: true, force: true });
});

describe("saveCheckpoint, then loadCheckpoint", () => {
  it("is bit-equal for every dtype, and computes what is pending", async () => {
    const path = join(folder, "model.safetensors");
    const x = device.tensor([[0.1, -2], [3, 4e-40]]);
    const tensors = {
      "layers.0.weight": x,
      pending: x.mul(2).sum(),
      half: x.cast("f16"),
      ids: device.tensor(Int32Array.of(-1, 2)),
      words: device.tensor(Uint32Array.of(4294967295)),
      flags: device.tensor([true, false, true]),
      empty: device.zeros([0, 3]),
    };
    await saveCheckpoint(path, tensors);
    const loaded = await loadCheckpoint(path, { device });
    expect(Object.keys(loaded)).toEqual(Object.keys(tensors));
    for (const [name, tensor] of Object.entries(tensors)) {
      expect([name, loaded[name]!.dtype, loaded[name]!.shape]).toEqual([name, tensor.dtype, tensor.shape]);
      // The reference device holds 64 bits; a file holds 32.
      const round = (data: ArrayLike<number>) => Array.from(data, Math.fround);
      expect(round(await loaded[name]!.data())).toEqual(round(await tensor.data()));
    }
  });
  it("loads what is asked for, widened on request", async () => {
    const bytes = encodeSafetensors({ "head.weight": { shape: [1], data: Uint16Array.of(0x3c00), type: "F16" }, "other.weight": { shape: [1], data: BigInt64Array.of(99999999999n) } });
    const loaded = await loadCheckpoint(bytes, { device, only: (name) => name.startsWith("head."), halves: "widen" });
    expect(Object.keys(loaded)).toEqual(["head.weight"]);
    expect(loaded["head.weight"]!.dtype).toBe("f32");
    expect(await loaded["head.weight"]!.toArray()).toEqual([1]);
    await expect(loadCheckpoint(bytes, { device })).rejects.toThrow('loadCheckpoint: "bytes": element 0 of "other.weight" (I64) is 99999999999; expected -2147483648 to 2147483647. Store it as');
  });
});

describe("loadCheckpoint with what a model expects", () => {
  const one = (...shape: number[]): HostTensor => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(3) });
  const bytes = encodeSafetensors({ "module.a": one(2, 3), "module.b": one(4), "module.count": { shape: [1], data: Int32Array.of(1) }, "module.extra": one(1), other: one(1) });
  const expected = { a: { shape: [2, 3], dtype: "f16" }, b: { shape: [5] }, c: { shape: [] }, count: { shape: [1], dtype: "f32" } } as const;
  const report = {
    matching: ["a"],
    missing: ["c"],
    unexpected: ["extra"],
    mismatched: [{ name: "b", given: "F32[4]", expected: "[5]" }, { name: "count", given: "I32[1]", expected: "f32[1]" }],
  };

  it("names all that does not fit, at once, before it reads a tensor", async () => {
    const before = device.counters.liveBuffers;
    const error: unknown = await loadCheckpoint(bytes, { device, prefix: "module.", expected }).catch((caught: unknown) => caught);
    expect(CheckpointError.isInstance(error)).toBe(true);
    expect((error as CheckpointError).message).toBe(
      'loadCheckpoint: "bytes": missing c; unexpected extra; mismatched b (F32[4] in the file, [5] expected) and count (I32[1] in the file, f32[1] expected); 1 fit. Use the preset and the names that the file was made for, or pass { strict: false } to load what fits.',
    );
    expect((error as CheckpointError).details["report"]).toEqual(report);
    expect(device.counters.liveBuffers).toBe(before);
  });
  it("takes what fits when it is not strict", async () => {
    await using reader = await openCheckpoint(bytes, { prefix: "module." });
    expect(reader.compare(expected)).toEqual(report);
    const loaded = await loadCheckpoint(reader, { device, expected, strict: false });
    expect(Object.keys(loaded)).toEqual(["a"]);
    // It stays open for who opened it.
    expect((await reader.read("extra")).elements).toEqual(Float32Array.of(3));
  });
  it("takes a state dictionary for an expectation", async () => {
    const state = { a: device.zeros([2, 3]), b: device.zeros([4]) };
    const loaded = await loadCheckpoint(bytes, { device, prefix: "module.", expected: state, strict: false });
    expect(Object.keys(loaded)).toEqual(["a", "b"]);
  });
  it("names the names there are when none has the prefix", async () => {
    await expect(loadCheckpoint(bytes, { device, prefix: "model." })).rejects.toThrow('no tensor\'s name begins with "model."; its 5 tensors are called module.a, module.b, module.count and module.extra and so on');
  });
  it("gives back names that objects have of themselves", async () => {
    const odd = encodeSafetensors(Object.fromEntries([["constructor", one(1)], ["__proto__", one(2)]]));
    await using reader = await openCheckpoint(odd);
    expect(reader.compare({}).unexpected).toEqual(["constructor", "__proto__"]);
    expect(Object.keys(await loadCheckpoint(reader, { device }))).toEqual(["constructor", "__proto__"]);
  });
});

describe("bfloat16", () => {
  const bits = Uint16Array.of(0x3f80, 0xc049, 0x3a83, 0x0080);
  const bytes = encodeSafetensors({ x: { shape: [4], data: bits, type: "BF16" } });
  it("is exact as f32, stays as it is on the host, and becomes f16 on request", async () => {
    const { x } = await loadCheckpoint(bytes, { device });
    expect([x!.dtype, await x!.toArray()]).toEqual(["f32", [1, -3.140625, 0.0009994506835938, 1.1754943508222875e-38].map((value) => expect.closeTo(value, 12) as number)]);
    await using reader = await openCheckpoint(bytes);
    expect((await reader.read("x")).elements).toEqual(bits);
    const { x: half } = await loadCheckpoint(bytes, { device, bfloat16: "f16" });
    expect([half!.dtype, await half!.toArray()]).toEqual(["f16", [1, -3.140625, expect.closeTo(0.00099945, 7), 0]]);
  });
  it("beyond f16 is refused there", async () => {
    const large = encodeSafetensors({ x: { shape: [1], data: Uint16Array.of(0x4780), type: "BF16" } });
    await expect(loadCheckpoint(large, { device, bfloat16: "f16" })).rejects.toThrow('element 0 of "x" (BF16) is 65536; expected a number that f16 can hold, up to 65504');
  });
  it("rounds to the nearest, ties to even", async () => {
    await using reader = await openCheckpoint(encodeSafetensors({ x: { shape: [5], data: Float32Array.of(1.00390625, 1.01171875, NaN, -Infinity, 1.004) } }));
    expect((await reader.read("x")).convert("BF16")).toEqual(Uint16Array.of(0x3f80, 0x3f82, 0x7fc0, 0xff80, 0x3f81));
  });
});
