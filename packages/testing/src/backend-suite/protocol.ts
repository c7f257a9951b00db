import { DeviceLostError, KernelError } from "@multiway/errors";
import { allDTypes, bytesOf, type DeviceBackend, type Program } from "@multiway/tensor/device";
import { exactly, expectClose } from "../compare.ts";
import { Places } from "./build.ts";
import type { ProtocolCase } from "./case.ts";
import { numbersFor } from "./loads.ts";
import { affine, sum } from "./programs.ts";

const group = "device";
const none = new Uint32Array(0);

function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** What a promise or a call is refused with. */
async function refusal(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** result = scale · source + shift */
function affineProgram(count: number, scale = 2, shift = 1): Program {
  const places = new Places();
  return places.program([affine(count, scale, shift)], [{ kernel: 0, buffers: [places.binding("f32", count), places.binding("f32", count)] }]);
}

function badProgram(): Program {
  const places = new Places();
  const layout = { buffer: 0, dtype: "f32" as const, shape: [4], strides: [1], offset: 0 };
  const kernel = {
    kind: "op" as const, op: "noSuchOp", label: "a kernel that nobody has", attributes: {}, buffers: [{ dtype: "f32" as const, access: "read" as const }, { dtype: "f32" as const, access: "write" as const }],
    inputs: [layout], outputs: [{ ...layout, buffer: 1 }],
  };
  return places.program([kernel], [{ kernel: 0, buffers: [places.binding("f32", 4), places.binding("f32", 4)] }]);
}

async function expectRead(device: DeviceBackend, buffer: Parameters<DeviceBackend["read"]>[0], expected: readonly number[], label: string, offset?: number, length?: number): Promise<void> {
  const actual = await device.read(buffer, offset, length);
  expectClose(actual, Float32Array.from(expected), { ...exactly, dtype: buffer.dtype, label });
}

const checks: Readonly<Record<string, (device: DeviceBackend) => Promise<void>>> = {
  async "what was written is read, whole and in parts"(device) {
    for (const dtype of allDTypes) {
      for (const length of [1, 2, 3, 1000, 1001]) {
        const buffer = device.allocate(dtype, length);
        demand(buffer.dtype === dtype && buffer.length === length, `a buffer of ${length} × ${dtype} says ${buffer.length} × ${buffer.dtype}.`);
        const data = numbersFor(dtype, "written", length);
        device.write(buffer, data);
        for (const [offset, count] of [[0, length], [1, length - 1], [Math.floor(length / 2), 1], [length, 0], [length - 1, 1]] as const) {
          expectClose(await device.read(buffer, offset, count), data.slice(offset, offset + count), { ...exactly, dtype, label: `${count} of ${length} × ${dtype} from ${offset}` });
        }
        if (length > 2) expectClose(await device.read(buffer, 2), data.slice(2), { ...exactly, dtype, label: `all of ${length} × ${dtype} from 2` });
        device.free(buffer);
      }
    }
  },

  async "a short write fills the start and leaves the rest"(device) {
    for (const dtype of allDTypes) {
      const buffer = device.allocate(dtype, 9);
      const [before, after] = [numbersFor(dtype, "before", 9), numbersFor(dtype, "after", 5)];
      device.write(buffer, before);
      device.write(buffer, after);
      const expected = before.slice();
      expected.set(after);
      expectClose(await device.read(buffer), expected, { ...exactly, dtype, label: dtype });
    }
  },

  async "a write from an element on leaves what is before and behind"(device) {
    for (const dtype of allDTypes) {
      const buffer = device.allocate(dtype, 11);
      const expected = numbersFor(dtype, "before", 11);
      device.write(buffer, expected);
      // Odd counts, too: up to the end, and inside.
      for (const [offset, count] of [[0, 2], [4, 2], [8, 3], [2, 5], [11, 0]].filter(([at]) => dtype !== "f16" || at! % 2 === 0) as [number, number][]) {
        const data = numbersFor(dtype, `from ${offset}`, count);
        device.write(buffer, data, offset);
        expected.set(data, offset);
      }
      expectClose(await device.read(buffer), expected, { ...exactly, dtype, label: dtype });
      demand((await refusal(() => device.write(buffer, numbersFor(dtype, "too many", 2), 10))) !== undefined, `elements 10 to 12 of 11 × ${dtype} were written.`);
    }
  },

  async "written data is copied before the call returns"(device) {
    const buffer = device.allocate("f32", 3);
    const data = Float32Array.of(1, 2, 3);
    device.write(buffer, data);
    data.fill(9);
    await expectRead(device, buffer, [1, 2, 3], "after the array changed");
  },

  async "scalars are copied before the call returns"(device) {
    const places = new Places();
    const scalars = places.scalars("f32", 1);
    const program = device.load(places.program([affine(1, 1, 0)], [{ kernel: 0, buffers: [scalars, places.binding("f32", 1)] }], 1));
    const result = device.allocate("f32", 1);
    const words = new Float32Array([5]);
    device.run(program, [result], new Uint32Array(words.buffer));
    words.fill(6);
    await expectRead(device, result, [5], "after the scalars changed");
  },

  async "zero-length buffers can be written, read, used and freed"(device) {
    const program = device.load(affineProgram(0));
    for (const dtype of allDTypes) {
      const buffer = device.allocate(dtype, 0);
      device.write(buffer, numbersFor(dtype, "nothing", 0));
      demand((await device.read(buffer)).length === 0, `an empty ${dtype} buffer gave elements.`);
      device.free(buffer);
    }
    const [source, result] = [device.allocate("f32", 0), device.allocate("f32", 0)];
    device.run(program, [source, result], none);
    await device.synchronize();
  },

  async "calls take effect in order"(device) {
    const program = device.load(affineProgram(4));
    const [source, first, second] = [device.allocate("f32", 4), device.allocate("f32", 4), device.allocate("f32", 4)];
    device.write(source, Float32Array.of(1, 2, 3, 4));
    device.run(program, [source, first], none);
    const early = device.read(first);
    device.write(source, Float32Array.of(10, 20, 30, 40));
    device.run(program, [source, second], none);
    device.run(program, [second, first], none);
    device.write(second, Float32Array.of(0, 0, 0, 0));
    expectClose(await early, Float32Array.of(3, 5, 7, 9), { ...exactly, label: "read before the second run" });
    await expectRead(device, first, [43, 83, 123, 163], "read after it");
    await expectRead(device, second, [0, 0, 0, 0], "written last");
  },

  async "several reads may wait at once"(device) {
    const program = device.load(affineProgram(2));
    const buffers = Array.from({ length: 8 }, () => device.allocate("f32", 2));
    device.write(buffers[0]!, Float32Array.of(0, 1));
    for (let index = 1; index < 8; index++) device.run(program, [buffers[index - 1]!, buffers[index]!], none);
    const all = await Promise.all(buffers.map((buffer) => device.read(buffer)));
    all.forEach((array, index) => expectClose(array, Float32Array.of(2 ** index - 1, 2 ** (index + 1) - 1), { ...exactly, label: `buffer ${index}` }));
  },

  async "memory that is freed stays intact for earlier work, and is used again"(device) {
    const program = device.load(affineProgram(1000));
    const results = [];
    for (let round = 0; round < 6; round++) {
      const source = device.allocate("f32", 1000);
      const result = device.allocate("f32", 1000);
      device.write(source, new Float32Array(1000).fill(round));
      device.run(program, [source, result], none);
      device.free(source);
      // May well get the memory of `source`.
      const other = device.allocate("f32", 1000);
      device.write(other, new Float32Array(1000).fill(-99));
      device.free(other);
      results.push(result);
    }
    for (const [round, result] of results.entries()) await expectRead(device, result, new Array<number>(1000).fill(2 * round + 1), `round ${round}`);
    for (const result of results) device.free(result);
    await device.synchronize();
    const before = device.counters.allocations;
    for (let round = 0; round < 5; round++) {
      const buffer = device.allocate("f32", 1000);
      device.write(buffer, new Float32Array(1000));
      device.free(buffer);
      await device.synchronize();
    }
    demand(device.counters.allocations === before, `five buffers, each freed before the next, took ${device.counters.allocations - before} new blocks of memory.`);
  },

  async "a replay creates nothing"(device) {
    const places = new Places(device.limits.offsetAlignment);
    const [source, result, between] = [places.binding("f32", 64), places.binding("f32", 64), places.arena("f32", 64)];
    const program = device.load(places.program([affine(64, 2, 1), sum(64)], [{ kernel: 0, buffers: [source, between] }, { kernel: 1, buffers: [between, source, result] }]));
    const [x, y] = [device.allocate("f32", 64), device.allocate("f32", 64)];
    device.write(x, new Float32Array(64));
    device.run(program, [x, y], none);
    await device.synchronize();
    const before = { ...device.counters };
    for (let run = 0; run < 5; run++) device.run(program, [x, y], none);
    await device.synchronize();
    const after = { ...device.counters };
    demand(after.dispatches - before.dispatches >= 10, `five runs of two kernels launched ${after.dispatches - before.dispatches} kernels.`);
    for (const name of ["pipelines", "allocations", "programs", "liveBytes", "liveBuffers"] as const) {
      demand(after[name] === before[name], `${name} went from ${before[name]} to ${after[name]} in five runs.`);
    }
  },

  async "live bytes and buffers follow what is handed out"(device) {
    const start = { ...device.counters };
    const buffers = allDTypes.map((dtype) => device.allocate(dtype, 10));
    const bytes = allDTypes.reduce((total, dtype) => total + 10 * bytesOf(dtype), 0);
    demand(device.counters.liveBuffers - start.liveBuffers === buffers.length, `liveBuffers grew by ${device.counters.liveBuffers - start.liveBuffers}; expected ${buffers.length}.`);
    demand(device.counters.liveBytes - start.liveBytes === bytes, `liveBytes grew by ${device.counters.liveBytes - start.liveBytes}; expected ${bytes}.`);
    for (const buffer of buffers) device.free(buffer);
    demand(device.counters.liveBuffers === start.liveBuffers && device.counters.liveBytes === start.liveBytes, `after free ${device.counters.liveBuffers} buffers and ${device.counters.liveBytes} bytes are live.`);
  },

  async "two programs share buffers, and one goes while the other stays"(device) {
    const [double, triple] = [device.load(affineProgram(3, 2, 0)), device.load(affineProgram(3, 3, 0))];
    const [x, y, z] = [device.allocate("f32", 3), device.allocate("f32", 3), device.allocate("f32", 3)];
    device.write(x, Float32Array.of(1, 2, 3));
    device.run(double, [x, y], none);
    device.unload(double);
    device.run(triple, [y, z], none);
    await expectRead(device, z, [6, 12, 18], "tripled doubles");
  },

  async "a kernel that cannot be built is told at the next wait, once"(device) {
    const [x, y] = [device.allocate("f32", 4), device.allocate("f32", 4)];
    device.write(x, new Float32Array(4));
    const refused = await refusal(() => {
      device.run(device.load(badProgram()), [x, y], none);
      return device.synchronize();
    });
    demand(KernelError.isInstance(refused), `synchronize gave ${String(refused)}; expected a KernelError.`);
    demand(refused.message.includes("a kernel that nobody has"), `the message names no kernel: ${refused.message}`);
    await device.synchronize();
    const good = device.load(affineProgram(4));
    device.run(good, [x, y], none);
    await expectRead(device, y, [1, 1, 1, 1], "after the failure");
  },

  async "a read tells a failure too"(device) {
    const [x, y] = [device.allocate("f32", 4), device.allocate("f32", 4)];
    device.write(x, new Float32Array(4));
    device.run(device.load(badProgram()), [x, y], none);
    const refused = await refusal(() => device.read(y));
    demand(KernelError.isInstance(refused), `read gave ${String(refused)}; expected a KernelError.`);
    await expectRead(device, x, [0, 0, 0, 0], "the next read");
  },

  async "after close every call is refused"(device) {
    const buffer = device.allocate("f32", 4);
    const program = device.load(affineProgram(4));
    await device.close();
    demand((await device.lost) === undefined, `lost gave a reason after close.`);
    const calls: Record<string, () => unknown> = {
      allocate: () => device.allocate("f32", 1),
      write: () => device.write(buffer, new Float32Array(4)),
      read: () => device.read(buffer),
      load: () => device.load(affineProgram(4)),
      run: () => device.run(program, [buffer, buffer], none),
      synchronize: () => device.synchronize(),
    };
    for (const [name, call] of Object.entries(calls)) {
      const refused = await refusal(call);
      demand(DeviceLostError.isInstance(refused), `${name} after close gave ${String(refused)}; expected a DeviceLostError.`);
    }
    await device.close();
  },
};

export const protocolCases = (): ProtocolCase[] => Object.entries(checks).map(([name, check]) => ({ kind: "protocol", group, name, quick: true, check }));
