import { reference } from "@multiway/reference";
import { Device, openDevice } from "@multiway/tensor";
import type { DeviceLimits, LoopKernel, Program } from "@multiway/tensor/device";
import { withLimits } from "./with-limits.ts";

export interface Recorder {
  device: Device;
  /** Every program that the device was given, in order. */
  programs: Program[];
  /** What the last program launches. */
  labels(): string[];
  /** The loop kernels of the last program, in launch order. */
  loops(): LoopKernel[];
}

/** A fusing reference device that shows its programs: for tests of what graphs become. */
export async function openRecorder(limits: Partial<DeviceLimits> & { fuses?: boolean } = {}): Promise<Recorder> {
  const { backend } = await openDevice(reference());
  const programs: Program[] = [];
  const limited = withLimits(backend, { fuses: true, ...limits });
  const device = new Device({
    ...limited,
    get counters() {
      return backend.counters;
    },
    load: (program) => {
      programs.push(program);
      return backend.load(program);
    },
  });
  const kernels = () => {
    const last = programs.at(-1)!;
    return last.steps.map((step) => last.kernels[step.kernel]!);
  };
  return { device, programs, labels: () => kernels().map(({ label }) => label), loops: () => kernels().filter((kernel) => kernel.kind === "loop") };
}
