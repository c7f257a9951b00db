import { NumericError } from "@multiway/errors";
import { recordCallSites, type DeviceFactory } from "@multiway/tensor/device";
import { nameOf, originOf } from "./describe.ts";
import { stepwise, type ObservedStep, type Observer, type StepBuffer } from "./stepwise.ts";
import { elementsOf, rangeOf } from "./values.ts";

export interface CheckFiniteOptions {
  /** Take ±Infinity for a fault, too. Default false: masks are made of it. */
  infinities?: boolean;
}

/**
 * A device that finds the first NaN: after each kernel it reads what was written, so it is slow.
 *
 * The next read rejects with a `NumericError` that names the kernel, the ranges of its inputs, and the lines of its ops, forward and backward.
 *
 * ```ts
 * const device = await openDevice(checkFinite(wasm()));
 * ```
 */
export function checkFinite(factory: DeviceFactory, options: CheckFiniteOptions = {}): DeviceFactory {
  recordCallSites(true);
  return stepwise(factory, finiteObserver(options));
}

const isFloat = ({ dtype }: StepBuffer): boolean => dtype === "f32" || dtype === "f16";

export function finiteObserver({ infinities = false }: CheckFiniteOptions = {}): Observer {
  return {
    async step(step, run) {
      const { buffers, device } = step;
      // What is overwritten in place is gone afterwards.
      const before = new Map<number, string>();
      for (const [index, buffer] of buffers.entries()) if (buffer.access === "readwrite") before.set(index, await rangeIn(step, buffer));
      run();
      for (const buffer of buffers) {
        if (buffer.access === "read" || !isFloat(buffer)) continue;
        const values = await elementsOf(device, buffer);
        const position = values ? firstFault(values, infinities) : -1;
        if (position >= 0) throw await fault(step, values!, position, before);
      }
    },
  };
}

function firstFault(values: ArrayLike<number>, infinities: boolean): number {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i]!) || (infinities && !Number.isFinite(values[i]!))) return i;
  return -1;
}

async function rangeIn({ device }: ObservedStep, buffer: StepBuffer): Promise<string> {
  const values = await elementsOf(device, buffer);
  return `${buffer.dtype} of ${buffer.length} elements: ${values ? rangeOf(values) : "numbers handed in"}`;
}

async function fault(step: ObservedStep, values: ArrayLike<number>, position: number, before: ReadonlyMap<number, string>): Promise<NumericError> {
  const inputs: string[] = [];
  for (const [index, buffer] of step.buffers.entries()) if (buffer.access !== "write") inputs.push(before.get(index) ?? (await rangeIn(step, buffer)));
  return new NumericError(
    `checkFinite: ${nameOf(step)}, gives ${values[position]} at element ${position} of ${values.length}; its result: ${rangeOf(values)}. Its inputs:\n${inputs.map((input) => `  ${input}`).join("\n") || "  none"}\n${originOf(step.ops)}`,
    { details: { kernel: step.kernel.label, program: step.program, step: step.index, position, value: values[position], ops: step.ops } },
  );
}
