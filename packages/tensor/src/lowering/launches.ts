import { bytesOf } from "../dtype.ts";
import type { Kernel } from "../kernel-ir.ts";
import { loopFormText } from "../loop-form.ts";
import { mergeBuffers, nameOf, type Memory } from "./buffers.ts";
import type { Value } from "./graph.ts";

/** Results of so few bytes may wait for their readers: sums, above all. */
const mostBytesWaiting = 4096;

/** A step before places are known: which memory each of the kernel's buffers is. */
export interface PlannedStep {
  kernel: Kernel;
  memory: Memory[];
  computed: readonly Value[];
}

interface Launch {
  form: string | undefined;
  steps: PlannedStep[];
}

/**
 * Groups steps into launches: loops of one form that do not depend on one another run together, such as the updates of all parameters.
 *
 * A loop moves forward to such a launch where what it touches allows it, and where no more than a few bytes of scratch memory are
 * then written earlier than they have to be.
 */
export function joinLoops(steps: readonly PlannedStep[]): PlannedStep[][] {
  const launches: Launch[] = [];
  const latestOf = new Map<string, number>();
  /** By memory: the last launch that wrote it, and the last that touched it. */
  const written = new Map<unknown, number>();
  const touched = new Map<unknown, number>();
  for (const step of steps) {
    const form = loopFormText(step.kernel);
    const uses = step.memory.map((memory, buffer) => ({ name: nameOf(memory), memory, writes: step.kernel.buffers[buffer]!.access !== "read" }));
    const earliest = Math.max(0, ...uses.map(({ name, writes }) => 1 + ((writes ? touched : written).get(name) ?? -1)));
    let position = form === undefined ? undefined : latestOf.get(form);
    const mayWait = (): boolean => uses.reduce((sum, { memory, writes }) => sum + (writes && memory.place === undefined ? bytesOf(memory.dtype) * memory.length : 0), 0) <= mostBytesWaiting;
    if (position === undefined || position < earliest || (position < launches.length - 1 && !mayWait())) {
      position = launches.push({ form, steps: [] }) - 1;
      if (form !== undefined) latestOf.set(form, position);
    }
    launches[position]!.steps.push(step);
    for (const { name, writes } of uses) {
      if (writes) written.set(name, Math.max(position, written.get(name) ?? -1));
      touched.set(name, Math.max(position, touched.get(name) ?? -1));
    }
  }
  return launches.map((launch) => launch.steps);
}

/** The step with each memory once: an output that is written over its donated input is one buffer with it. */
export function withMergedBuffers({ kernel, memory, computed }: PlannedStep): PlannedStep {
  const names = memory.map(nameOf);
  const merged = mergeBuffers(
    kernel,
    names.map((name) => names.indexOf(name)),
  );
  return { kernel: merged.kernel, memory: merged.bound.map((position) => memory[position]!), computed };
}

/** Notes which launches use each memory, first and last: within one, all steps run at the same time. */
export function timeLives(launches: readonly (readonly PlannedStep[])[]): void {
  const seen = new Set<Memory>();
  launches.forEach((launch, time) => {
    for (const memory of launch.flatMap((step) => step.memory)) {
      if (!seen.has(memory)) memory.first = time;
      seen.add(memory);
      memory.last = time;
    }
  });
}
