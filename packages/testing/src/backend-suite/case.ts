import { key, type Key } from "@multiway/random";
import type { DeviceBackend, DType, HostArray, Program } from "@multiway/tensor/device";
import { compareArrays, compareBits, exactly, type Tolerance } from "../compare.ts";

/** A buffer that a case hands to its program. */
export interface CaseBuffer {
  dtype: DType;
  /** For messages; its product is the length. */
  shape: readonly number[];
  /** Written before the first run. Without, the memory is uninitialised. */
  data?: HostArray;
  /** Compared after the last run; without, it is not. */
  check?: Tolerance;
}

export interface CaseRun {
  /** For each of the program's bindings, which of the case's buffers. */
  bindings: readonly number[];
  scalars?: Uint32Array;
}

export interface CaseBody {
  program: Program;
  buffers: readonly CaseBuffer[];
  /** Default: one run, with the buffers in order. */
  runs?: readonly CaseRun[];
}

/** A program whose results are compared with those of the reference device. */
export interface ProgramCase {
  kind: "program";
  group: string;
  name: string;
  /** Small enough for a device that reaches 2 GFLOP/s, and one of its kind: what is left out of the quick subset is a variation or large. */
  quick: boolean;
  /** @param alignment what the device's arena offsets must be multiples of, in bytes */
  body(alignment: number): CaseBody;
}

/** Calls on a device of its own; throws what is wrong. */
export interface ProtocolCase {
  kind: "protocol";
  group: string;
  name: string;
  quick: boolean;
  check(device: DeviceBackend): Promise<void>;
}

export type BackendCase = ProgramCase | ProtocolCase;

/** Elementwise arithmetic that rounds once. */
export const rounded: Tolerance = { relative: 1e-5, absolute: 1e-30 };
/** Elementwise functions whose results may be near zero. */
export const close: Tolerance = { relative: 1e-5, absolute: 1e-6 };
/** Reductions, and products of matrices of numbers near 1. */
export const summed: Tolerance = { relative: 1e-4, absolute: 2e-5 };

export const toleranceOf = (dtype: DType, float: Tolerance): Tolerance => (dtype === "f32" ? float : exactly);

/** Random numbers that are a case's own, so that adding one case changes no other. */
export function keyOf(name: string): Key {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0;
  return key(hash);
}

export const product = (extents: readonly number[]): number => extents.reduce((result, extent) => result * extent, 1);

/** Runs a program case and reads what it checks, by position. */
export async function resultsOf(device: DeviceBackend, body: CaseBody): Promise<Map<number, HostArray>> {
  const buffers = body.buffers.map(({ dtype, shape }) => device.allocate(dtype, product(shape)));
  body.buffers.forEach(({ data }, position) => data && device.write(buffers[position]!, data));
  const program = device.load(body.program);
  const runs = body.runs ?? [{ bindings: buffers.map((_, position) => position) }];
  for (const { bindings, scalars } of runs) device.run(program, bindings.map((position) => buffers[position]!), scalars ?? new Uint32Array(0));
  const checked = body.buffers.flatMap(({ check }, position) => (check ? [position] : []));
  try {
    const arrays: HostArray[] = [];
    // One after the other: a failure is told to one read alone.
    for (const position of checked) arrays.push(await device.read(buffers[position]!));
    await device.synchronize();
    return new Map(checked.map((position, index) => [position, arrays[index]!]));
  } finally {
    for (const buffer of buffers) device.free(buffer);
    device.unload(program);
  }
}

/** Throws if what `device` gives is not what `referee` gives. */
export async function checkProgram(of: ProgramCase, device: DeviceBackend, referee: DeviceBackend): Promise<void> {
  const body = of.body(Math.max(device.limits.offsetAlignment, referee.limits.offsetAlignment));
  const expected = await resultsOf(referee, body);
  const actual = await resultsOf(device, body);
  for (const [position, array] of expected) {
    const { dtype, shape, check } = body.buffers[position]!;
    const message = compareArrays(actual.get(position)!, array, { dtype, shape, label: `buffer ${position}`, ...check! });
    if (message !== undefined) throw new Error(`${message}\nKernels: ${body.program.kernels.map((kernel) => JSON.stringify(kernel)).join("\n").slice(0, 4000)}`);
  }
}

/** Throws if the devices do not give the same bits. */
export async function checkBitwise(of: ProgramCase, devices: readonly DeviceBackend[]): Promise<void> {
  const body = of.body(Math.max(...devices.map((device) => device.limits.offsetAlignment)));
  const first = await resultsOf(devices[0]!, body);
  for (const device of devices.slice(1)) {
    const other = await resultsOf(device, body);
    for (const [position, array] of first) {
      const message = compareBits(other.get(position)!, array, `buffer ${position}`);
      if (message !== undefined) throw new Error(message);
    }
  }
}
