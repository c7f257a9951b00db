import { reference } from "@multiway/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { constant, floatToHalf, halfToFloat, openDevice, realize, zeros, type Device, type Tensor } from "./index.ts";

let device: Device;
beforeAll(async () => {
  device = await openDevice([{ name: "none", open: async () => ({ unavailable: "it is not here" }) }, reference()]);
});
afterAll(async () => await device.close());

describe("openDevice", () => {
  it("says why each device is not to be had", async () => {
    await expect(openDevice([{ name: "none", open: async () => ({ unavailable: "it is not here" }) }])).rejects.toThrow("openDevice: no device is to be had (none: it is not here). Add wasm() to the list: it runs everywhere.");
    await expect(openDevice([])).rejects.toThrow("openDevice: no device is to be had (none was named). Add wasm() to the list: it runs everywhere.");
  });
});

describe("device.tensor", () => {
  it("takes nested arrays and typed arrays, and finds dtype and shape", () => {
    const kinds: [unknown, string, number[]][] = [
      [3, "f32", []],
      [true, "bool", []],
      [[[1, 2, 3], [4, 5, 6]], "f32", [2, 3]],
      [[[], []], "f32", [2, 0]],
      [[true, false], "bool", [2]],
      [[true, 2], "f32", [2]],
      [new Float64Array(2), "f32", [2]],
      [new Int32Array(2), "i32", [2]],
      [new Int8Array(2), "i32", [2]],
      [new Uint8Array(2), "u32", [2]],
      [new Uint32Array(2), "u32", [2]],
      [new Uint16Array(2), "f16", [2]],
    ];
    for (const [data, dtype, shape] of kinds) {
      const x = device.tensor(data as never);
      expect([x.dtype, x.shape]).toEqual([dtype, shape]);
    }
  });

  it("copies, converts and reads back", async () => {
    const data = Float32Array.of(1, 2);
    const x = device.tensor(data);
    data[0] = 9;
    expect(await x.toArray()).toEqual([1, 2]);
    expect(await device.tensor([[1.9, -1.9]], { dtype: "i32" }).toArray()).toEqual([[1, -1]]);
    expect(await device.tensor([0, 2, -1], { dtype: "bool" }).toArray()).toEqual([false, true, true]);
    expect(await device.tensor([1, 2049, 1e6], { dtype: "f16" }).toArray()).toEqual([1, 2048, Infinity]);
    expect(await device.full([2], 3, { dtype: "f16" }).toArray()).toEqual([3, 3]);
    expect(await device.ones([2], { dtype: "bool" }).toArray()).toEqual([true, true]);
    expect(await device.tensor(7).item()).toBe(7);
    expect(await device.tensor([[5]]).item()).toBe(5);
  });

  it("reads half floats again after they were read", async () => {
    const x = device.tensor([1, 0.5], { dtype: "f16" });
    expect(await x.toArray()).toEqual([1, 0.5]);
    expect(await x.mul(2).toArray()).toEqual([2, 1]);
    expect(await x.toArray()).toEqual([1, 0.5]);
  });

  it.each([
    [() => device.tensor([[1, 2], [3]]), "tensor: nested arrays are ragged: axis 1 has 1 elements in one place and 2 in another; expected equal counts."],
    [() => device.tensor([[1, 2], 3]), "tensor: nested arrays are ragged: axis 1 has 3 in one place and 2 in another; expected equal counts."],
    [() => device.tensor([1, [2]]), "tensor: an element is an array of 1; expected a number or a boolean."],
    [() => device.tensor(["x"] as never), 'tensor: an element is "x"; expected a number or a boolean.'],
    [() => device.tensor(new Float32Array(5), { shape: [2, 3] }), "tensor: 5 elements do not fill [2, 3]; expected 6."],
    [() => device.tensor([1], { shape: [-1] }), "tensor: shape [-1] holds -1; expected whole numbers, 0 or more."],
    [() => device.tensor([3e9], { dtype: "i32" }), "tensor: element 0 is 3000000000; expected -2147483648 to 2147483647 for i32."],
    [() => device.tensor([1, -1], { dtype: "u32" }), "tensor: element 1 is -1; expected 0 to 4294967295 for u32."],
    [() => device.tensor([NaN], { dtype: "i32" }), "tensor: element 0 is NaN; expected -2147483648 to 2147483647 for i32."],
    [() => device.zeros([1.5]), "full: shape [1.5] holds 1.5; expected whole numbers, 0 or more."],
  ] as [() => Tensor, string][])("refuses %#", (make, message) => expect(make).toThrow(message));

  it("refuses to read one element of many, and the elements of constants", async () => {
    await expect(device.zeros([2]).item()).rejects.toThrow("item: x has shape [2]; expected one element. Use toArray or data.");
    await expect(zeros([2]).data()).rejects.toThrow("realize: the tensors are made of constants alone, which belong to no device. Make one of them with device.tensor(), or pass { device }.");
    expect(await constant([1, 2]).toArray()).toEqual([1, 2]);
  });
});

describe("one device", () => {
  it("per op", async () => {
    const other = await openDevice(reference());
    expect(() => device.tensor([1]).add(other.tensor([1]))).toThrow("add: inputs live on reference and on reference; expected one device. Read one with data() and make it anew with device.tensor().");
    expect(() => device.tensor([1]).matmul(other.tensor([1]))).toThrow("inputs live on reference and on reference");
    await other.close();
  });
});

describe("pending graphs", () => {
  it("are kept once they are computed, and computed together", async () => {
    const x = device.tensor([1, 2]);
    const y = x.mul(3);
    await realize({ y, z: y.add(1) });
    const { dispatches } = device.counters;
    expect(await y.toArray()).toEqual([3, 6]);
    expect(device.counters.dispatches).toBe(dispatches);
  });

  it("of more than 10,000 ops throw with the remedy", async () => {
    let x = device.tensor([1]);
    for (let i = 0; i < 10_001; i++) x = x.neg();
    await expect(x.data()).rejects.toThrow("realize: 10001 ops are pending; expected at most 10000. Call await realize(…) on the tensors that a loop carries, once per round, or compile the loop's body.");
  });

  it("of many ops in a row do not overflow the stack", async () => {
    let x = device.tensor([1]);
    for (let i = 0; i < 1000; i++) x = x.add(1);
    expect(await x.item()).toBe(1001);
  });
});

describe("lifetime", () => {
  it("gives memory back on dispose, and says when it is used afterwards", async () => {
    const before = device.counters.liveBytes;
    const x = device.zeros([1000]);
    expect(device.counters.liveBytes).toBe(before + 4000);
    x.dispose();
    x.dispose();
    expect(device.counters.liveBytes).toBe(before);
    await expect(x.data()).rejects.toThrow("A tensor of shape [1000] was used after dispose(). Keep it until its last use.");
  });

  it("moves small results to the host once they are read, and back when they are needed", async () => {
    const x = device.tensor([1, 2]);
    const before = device.counters.liveBytes;
    expect(await x.toArray()).toEqual([1, 2]);
    expect(device.counters.liveBytes).toBe(before - 8);
    expect(await x.add(1).toArray()).toEqual([2, 3]);
    expect(await x.toArray()).toEqual([1, 2]);
  });

  it("frees nothing on a device that was closed", async () => {
    const own = await openDevice(reference());
    const x = own.tensor([1]);
    await own.close();
    await expect(x.add(1).data()).rejects.toThrow("the device was closed");
    expect(() => own.tensor([1])).toThrow("reference.allocate: the device was closed; open another one.");
  });
});

describe("half floats on the host", () => {
  it("go there and back for all 65536 patterns", () => {
    const changed: number[] = [];
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToFloat(bits);
      if (!Number.isNaN(value) && floatToHalf(value) !== bits) changed.push(bits);
    }
    expect(changed).toEqual([]);
  });
  it.each([[65519, 0x7bff], [65520, 0x7c00], [2049, 0x6800], [2051, 0x6802], [2 ** -25, 0], [1.5 * 2 ** -24, 2], [2 ** -24, 1], [-0, 0x8000], [1e-3, 0x1419]])("rounds %d to nearest even", (value, bits) => expect(floatToHalf(value)).toBe(bits));
});

describe("names", () => {
  it("read like PyTorch's, with or without elements", async () => {
    const x = device.tensor([[1, 2.5]]);
    expect(String(x.add(1))).toBe("Tensor(shape=[1, 2], dtype=f32, device=reference)");
    expect(String(zeros([]))).toBe("Tensor(shape=[], dtype=f32)");
    expect(await x.format()).toBe("tensor([[1.0000, 2.5000]], device=reference)");
  });
});
