import { DeviceError, NumericError } from "@multiway/errors";
import { recordCallSites, type DeviceBackend, type DeviceFactory, type HostArray } from "@multiway/tensor/device";
import { format, nameOf, originOf } from "./describe.ts";
import { stepwise, type ObservedStep, type Observer } from "./stepwise.ts";

export interface ValidateOptions {
  /** The device to be held against: `reference()`. */
  against: DeviceFactory;
  /**
   * Accepted for floats: |difference| ≤ absolute · (largest magnitude in inputs and result) + relative · |expected|. Default 1e-4 and 1e-3: sums in another order, and f32
   * against f64. Inputs count because what cancels leaves rounding behind.
   */
  tolerance?: { absolute: number; relative: number };
}

/**
 * A device of which each kernel also runs on another, on the same inputs. The next read rejects with a `NumericError` at the first one that gives something else.
 *
 * ```ts
 * const device = await openDevice(validate(webgpu(), { against: reference() }));
 * ```
 */
export function validate(factory: DeviceFactory, { against, tolerance = { absolute: 1e-4, relative: 1e-3 } }: ValidateOptions): DeviceFactory {
  recordCallSites(true);
  return {
    name: factory.name,
    async open() {
      const referee = await against.open();
      if ("unavailable" in referee) throw new DeviceError(`validate: the device to be held against is not to be had: ${referee.unavailable}`);
      const opened = await stepwise(factory, validator(referee, tolerance)).open();
      if ("unavailable" in opened) await referee.close();
      else void opened.lost.then(() => referee.close());
      return opened;
    },
  };
}

export function validator(referee: DeviceBackend, tolerance: { absolute: number; relative: number }): Observer {
  return {
    async step(step, run) {
      const { device, alone, bindings } = step;
      let largest = 0;
      const copies: ReturnType<DeviceBackend["allocate"]>[] = [];
      for (const memory of bindings) {
        const copy = referee.allocate(memory.dtype, memory.length);
        const data = await device.read(memory);
        if (step.buffers.some((buffer) => buffer.memory === memory && buffer.access !== "write")) largest = Math.max(largest, largestIn(data));
        referee.write(copy, data);
        copies.push(copy);
      }
      run();
      const loaded = referee.load(alone);
      referee.run(loaded, copies, step.scalars);
      try {
        for (const [binding, memory] of bindings.entries()) {
          const isWritten = step.buffers.some((buffer) => buffer.memory === memory && buffer.access !== "read");
          if (isWritten) compare(step, await device.read(memory), await referee.read(copies[binding]!), largest, tolerance);
        }
      } finally {
        referee.unload(loaded);
        for (const copy of copies) referee.free(copy);
      }
    },
  };
}

const isFloats = (data: HostArray): boolean => data instanceof Float32Array || data instanceof Float64Array;

/** The largest finite magnitude among floats. */
function largestIn(data: HostArray): number {
  let largest = 0;
  if (isFloats(data)) for (const value of data) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  return largest;
}

function compare(step: ObservedStep, given: HostArray, expected: HostArray, largestInput: number, { absolute, relative }: { absolute: number; relative: number }): void {
  // Raw half floats, or integers: the same or not.
  const isExact = !isFloats(given);
  const largest = Math.max(largestInput, largestIn(expected));
  for (let i = 0; i < given.length; i++) {
    const [a, b] = [given[i]!, expected[i]!];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const allowed = isExact ? 0 : absolute * largest + relative * Math.abs(b);
    if (Math.abs(a - b) <= allowed) continue;
    throw new NumericError(`validate: ${nameOf(step)}, gives ${format(a)} at element ${i} of ${given.length}; the reference gives ${format(b)}, and ${format(allowed)} between them is accepted.\n${originOf(step.ops)}`, {
      details: { kernel: step.kernel, program: step.program, step: step.index, position: i, given: a, expected: b, ops: step.ops },
    });
  }
}
