import { DeviceError, KernelError } from "@multiway/errors";
import type { DeviceBackend, Kernel, LoopKernel, Program } from "@multiway/tensor/device";
import { Code, loop, openReference, Places, reads, writes } from "@multiway/testing/backend-suite";
import { describe, expect, it } from "vitest";

const none = new Uint32Array(0);

/** y[i] = x[i + shift] over `count` elements. */
function copy(label: string, count: number, shift = 0, stride = 1): Kernel {
  const code = new Code();
  const value = code.load("f32", 0, [1], shift);
  return loop(label, { buffers: [...reads("f32"), ...writes("f32")], extents: [count], body: code.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: [stride] }, value }] });
}

async function failureOf(program: Program, lengths: readonly number[] = [4, 4]): Promise<string> {
  const device = await openReference();
  const bindings = lengths.map((length) => device.allocate("f32", length));
  device.run(device.load(program), bindings, none);
  const error: unknown = await device.synchronize().catch((error: unknown) => error);
  expect(KernelError.isInstance(error)).toBe(true);
  return (error as Error).message;
}

function twoBindings(...kernels: Kernel[]): Program {
  const places = new Places();
  const buffers = [places.binding("f32", 4), places.binding("f32", 4)];
  return places.program(kernels, kernels.map((_, kernel) => ({ kernel, buffers })));
}

describe("the referee", () => {
  it("names step, kernel, label and element of an access outside its buffer", async () => {
    expect(await failureOf(twoBindings(copy("fine", 4), copy("too far", 4, 1)))).toBe('reference: program "fine": step 1, kernel 1 "too far": loads element 4 of buffer 0, which has 4.');
    expect(await failureOf(twoBindings(copy("before", 4, -1)))).toContain("loads element -1 of buffer 0");
    expect(await failureOf(twoBindings(copy("stores too far", 4, 0, 2)))).toContain("stores element 4 of buffer 1, which has 4.");
    // A longer binding does not make the program's buffer longer.
    expect(await failureOf(twoBindings(copy("too far", 4, 1)), [10, 10])).toContain("loads element 4 of buffer 0, which has 4.");
  });

  it("refuses two stores to one element", async () => {
    expect(await failureOf(twoBindings(copy("all to one", 4, 0, 0)))).toContain("stores element 0 of buffer 1 twice.");
  });

  it("refuses to read what other indices store", async () => {
    const code = new Code();
    const value = code.load("f32", 0, [-1], 3);
    const reverse = loop("reverse in place", { buffers: [{ dtype: "f32", access: "readwrite" }], extents: [4], body: code.instructions, stores: [{ access: { buffer: 0, offset: 0, strides: [1] }, value }] });
    const places = new Places();
    expect(await failureOf(places.program([reverse], [{ kernel: 0, buffers: [places.binding("f32", 4)] }]), [4])).toContain("loads from buffer 0 elements that other indices store.");
  });

  it("refuses steps that join and are not alike, or not independent", async () => {
    const places = new Places();
    const [x, y, z] = [places.binding("f32", 4), places.binding("f32", 4), places.binding("f32", 3)];
    const kernels = [copy("copy", 4), copy("shorter", 3), copy("sum", 4)];
    const longer = kernels[2] as LoopKernel;
    kernels[2] = { ...longer, body: [...longer.body, { op: "negate", type: "f32", x: 0 }] };
    const failure = (second: { kernel: number; buffers: number[] }) => failureOf(places.program(kernels, [{ kernel: 0, buffers: [x, y] }, { ...second, joins: true }]), [4, 4, 3]);
    expect(await failure({ kernel: 2, buffers: [x, z] })).toContain("the step joins the one before it, and is of another form.");
    expect(await failure({ kernel: 1, buffers: [y, z] })).toContain("the step joins one that touches the same binding 1; one of them writes it.");
    expect(await failure({ kernel: 1, buffers: [z, x] })).toContain("the step joins one that touches the same binding 0; one of them writes it.");
  });

  it("refuses wrong types", async () => {
    const code = new Code();
    const x = code.load("f32", 0, [1]);
    code.push({ op: "add", type: "i32", x, y: x });
    const kernel = loop("mixed", { buffers: [...reads("f32"), ...writes("f32")], extents: [4], body: code.instructions, stores: [] });
    expect(await failureOf(twoBindings(kernel))).toContain('kernel 0 "mixed": add of f32 has the type i32; expected f32.');
    const bits = new Code();
    bits.binary("shiftLeft", bits.index(0), bits.index(0));
    expect(await failureOf(twoBindings(loop("shift", { buffers: [...reads("f32"), ...writes("f32")], extents: [4], body: bits.instructions, stores: [] })))).toContain("there is no shiftLeft of i32 and i32.");
  });

  it("refuses an unknown op and an op that reaches beyond its buffer", async () => {
    const layout = (buffer: number, dtype: "f32" | "f16", shape: number[]) => ({ buffer, dtype, shape, strides: [1], offset: 0 });
    const op = (name: string, count: number): Kernel => ({ kind: "op", op: name, label: `${name} ${count}`, attributes: {}, buffers: [...reads("f32"), ...writes("f32")], inputs: [layout(0, "f32", [count])], outputs: [layout(1, "f32", [count])] });
    expect(await failureOf(twoBindings(op("noSuchOp", 4)))).toContain('there is no op "noSuchOp".');
    expect(await failureOf(twoBindings(op("packHalf", 5)))).toContain("a tensor in buffer 0 spans elements 0 to 4; the buffer has 4.");
    expect(await failureOf(twoBindings(op("packHalf", 4)))).toContain("x is f32 and the output f32; expected f32 and f16.");
  });

  it("refuses arena places that are read before they are written, or after they are overwritten", async () => {
    const early = new Places();
    const [result, between] = [early.binding("f32", 4), early.arena("f32", 4)];
    expect(await failureOf(early.program([copy("copy", 4)], [{ kernel: 0, buffers: [between, result] }]), [4])).toContain("program buffer 1 is in the arena and is read before any step has written it.");

    const late = new Places();
    const [source, first] = [late.binding("f32", 4), late.arena("f32", 4)];
    const second = late.arena("f32", 4, first);
    const steps = [[source, first], [source, second], [first, source]].map((buffers) => ({ kernel: 0, buffers }));
    expect(await failureOf(late.program([copy("copy", 4)], steps), [4])).toContain("program buffer 1 is read after program buffer 2 has overwritten its place in the arena.");
    expect(await failureOf(late.program([copy("copy", 4)], [steps[0]!, { kernel: 0, buffers: [first, second] }]), [4])).toContain("program buffers 1 and 2 overlap in the arena");
  });

  it("refuses a buffer that one kernel reads and writes under two names", async () => {
    const device = await openReference();
    const buffer = device.allocate("f32", 4);
    device.run(device.load(twoBindings(copy("copy", 4))), [buffer, buffer], none);
    await expect(device.read(buffer)).rejects.toThrow('buffers 0 and 1 of "copy" are one; in place is one buffer with access "readwrite".');
  });

  it("shows memory that nobody wrote as NaN", async () => {
    const device = await openReference();
    expect([...(await device.read(device.allocate("f32", 2)))]).toEqual([NaN, NaN]);
  });
});

describe("what is the caller's mistake throws at once", () => {
  const cases: Record<string, (device: DeviceBackend) => unknown> = {
    "length is -1": (device) => device.allocate("f32", -1),
    "data is an Int32Array and the buffer f32": (device) => device.write(device.allocate("f32", 1), new Int32Array(1)),
    "data has 3 elements; the buffer holds 2": (device) => device.write(device.allocate("f32", 2), new Float32Array(3)),
    "was handed 1 buffers; expected 2": (device) => device.run(device.load(twoBindings(copy("copy", 4))), [device.allocate("f32", 4)], none),
    "binding 1 is 3 × f32; expected 4 × f32": (device) => device.run(device.load(twoBindings(copy("copy", 4))), [device.allocate("f32", 4), device.allocate("f32", 3)], none),
    "was handed 1 scalar words; expected 0": (device) => device.run(device.load(twoBindings(copy("copy", 4))), [device.allocate("f32", 4), device.allocate("f32", 4)], new Uint32Array(1)),
    "it was freed, or another device made it": (device) => {
      const buffer = device.allocate("f32", 1);
      device.free(buffer);
      device.free(buffer);
    },
  };
  for (const [message, call] of Object.entries(cases)) {
    it(message, async () => {
      const device = await openReference();
      expect(() => call(device)).toThrow(message);
      expect(() => call(device)).toThrow(DeviceError);
    });
  }
});
