import { bytesOf, loopFormText, type OpKernel, type Program, type ProgramBuffer, type Step } from "@multiway/tensor/device";
import { demand } from "./fault.ts";

/** Which kernel of which step a fault belongs to; undefined for the program as a whole. */
export type StepOf = { step: number; kernel: number } | undefined;

/**
 * Checks what can be known before a run: positions, dtypes, places, and that arena places do not overlap while both are in use.
 * Calls `at` before each step, so that whoever catches the fault knows where it arose.
 */
export function checkProgram(program: Program, alignment: number, at: (step: StepOf) => void): void {
  at(undefined);
  program.buffers.forEach((buffer, position) => checkBuffer(program, buffer, position, alignment));
  const arena = new Arena(program);
  const launch = new Launch(program);
  program.steps.forEach((step, position) => {
    at({ step: position, kernel: step.kernel });
    checkStep(program, step);
    arena.run(step);
    launch.run(step);
  });
  at(undefined);
}

function checkBuffer(program: Program, { dtype, length, place }: ProgramBuffer, position: number, alignment: number): void {
  demand(Number.isInteger(length) && length >= 0, `program buffer ${position} has the length ${length}.`);
  if (place.kind === "binding") {
    demand(place.index >= 0 && place.index < program.numBindings, `program buffer ${position} is binding ${place.index} of ${program.numBindings}.`);
  } else if (place.kind === "arena") {
    demand(place.offsetBytes % alignment === 0, `program buffer ${position} is at byte ${place.offsetBytes} of the arena; expected a multiple of ${alignment}.`);
    const end = place.offsetBytes + length * bytesOf(dtype);
    demand(place.offsetBytes >= 0 && end <= program.arenaBytes, `program buffer ${position} ends at byte ${end} of an arena of ${program.arenaBytes}.`);
  } else if (place.kind === "constant") {
    demand(place.data.length === length, `program buffer ${position} has ${length} elements and ${place.data.length} constant ones.`);
  } else {
    demand(dtype === "f32" || dtype === "u32" || dtype === "i32", `program buffer ${position} sees scalars as ${dtype}; expected f32, i32 or u32.`);
    demand(length <= program.numScalars, `program buffer ${position} has ${length} elements; there are ${program.numScalars} scalars.`);
  }
}

function checkStep(program: Program, step: Step): void {
  const kernel = program.kernels[step.kernel];
  demand(kernel !== undefined, `there is no kernel ${step.kernel} among ${program.kernels.length}.`);
  demand(step.buffers.length === kernel.buffers.length, `the step binds ${step.buffers.length} buffers; the kernel has ${kernel.buffers.length}.`);
  kernel.buffers.forEach(({ dtype, access }, position) => {
    const buffer = program.buffers[step.buffers[position]!];
    demand(buffer !== undefined, `buffer ${position} is bound to program buffer ${step.buffers[position]} of ${program.buffers.length}.`);
    demand(buffer.dtype === dtype, `buffer ${position} is ${dtype}; its program buffer ${step.buffers[position]} is ${buffer.dtype}.`);
    const isFixed = buffer.place.kind === "constant" || buffer.place.kind === "scalars";
    demand(access === "read" || !isFixed, `buffer ${position} is written and lives among the ${buffer.place.kind === "constant" ? "constants" : "scalars"}.`);
  });
  if (kernel.kind === "op") checkOpSizes(kernel, (position) => program.buffers[step.buffers[position]!]!.length);
}

/** What an op would reach, so that a device that reads whole tensors may rely on it even where the formula skips elements. */
function checkOpSizes(kernel: OpKernel, lengthOf: (buffer: number) => number): void {
  for (const { buffer, shape, strides, offset } of [...kernel.inputs, ...kernel.outputs]) {
    if (shape.includes(0) || kernel.buffers[buffer] === undefined) continue;
    let [first, last] = [offset, offset];
    shape.forEach((extent, axis) => {
      const reach = (extent - 1) * (strides[axis] ?? 0);
      if (reach < 0) first += reach;
      else last += reach;
    });
    demand(first >= 0 && last < lengthOf(buffer), `a tensor in buffer ${buffer} spans elements ${first} to ${last}; the buffer has ${lengthOf(buffer)}.`);
  }
}

/** Follows which arena places hold what was last written to them. */
class Arena {
  readonly #program: Program;
  readonly #overlaps: readonly (readonly number[])[];
  /** "unwritten", "written", or which program buffer has overwritten this one. */
  readonly #state: ("unwritten" | "written" | number)[];

  constructor(program: Program) {
    this.#program = program;
    const ranges = program.buffers.map(({ dtype, length, place }) => (place.kind === "arena" ? [place.offsetBytes, place.offsetBytes + length * bytesOf(dtype)] as const : undefined));
    this.#overlaps = ranges.map((mine, position) => {
      if (!mine || mine[0] === mine[1]) return [];
      return ranges.flatMap((other, index) => (other && index !== position && other[0] < mine[1] && mine[0] < other[1] ? [index] : []));
    });
    this.#state = program.buffers.map(() => "unwritten");
  }

  run({ kernel, buffers }: Step): void {
    const accesses = this.#program.kernels[kernel]!.buffers;
    buffers.forEach((buffer, position) => {
      if (this.#program.buffers[buffer]!.place.kind !== "arena" || this.#program.buffers[buffer]!.length === 0) return;
      const access = accesses[position]!.access;
      const clash = buffers.find((other, index) => index !== position && (access !== "read" || accesses[index]!.access !== "read") && this.#overlaps[buffer]!.includes(other));
      demand(clash === undefined, `program buffers ${buffer} and ${clash} overlap in the arena; one step writes one and uses the other.`);
      if (access === "write") return;
      const state = this.#state[buffer]!;
      demand(state !== "unwritten", `program buffer ${buffer} is in the arena and is read before any step has written it.`);
      demand(state === "written", `program buffer ${buffer} is read after program buffer ${state} has overwritten its place in the arena.`);
    });
    buffers.forEach((buffer, position) => {
      if (accesses[position]!.access === "read") return;
      for (const other of this.#overlaps[buffer]!) this.#state[other] = buffer;
      this.#state[buffer] = "written";
    });
  }
}

/** Follows what the steps touch that run together. */
class Launch {
  readonly #program: Program;
  #form: string | undefined;
  /** Bytes of the arena or of a binding, by step; each of the run so far. */
  #touched: { name: string; start: number; end: number; writes: boolean }[] = [];

  constructor(program: Program) {
    this.#program = program;
  }

  run({ kernel, buffers, joins }: Step): void {
    const form = loopFormText(this.#program.kernels[kernel]!);
    if (!joins) this.#touched = [];
    else demand(form !== undefined && form === this.#form, "the step joins the one before it, and is of another form.");
    this.#form = form;
    const own = buffers.flatMap((buffer, position) => {
      const { dtype, length, place } = this.#program.buffers[buffer]!;
      const start = place.kind === "arena" ? place.offsetBytes : 0;
      const name = place.kind === "binding" ? `binding ${place.index}` : place.kind;
      const writes = this.#program.kernels[kernel]!.buffers[position]!.access !== "read";
      return length === 0 || place.kind === "constant" ? [] : [{ name, start, end: start + length * bytesOf(dtype), writes }];
    });
    for (const mine of own) {
      const other = this.#touched.find(({ name, start, end, writes }) => name === mine.name && start < mine.end && mine.start < end && (writes || mine.writes));
      demand(other === undefined, `the step joins one that touches the same ${mine.name}; one of them writes it.`);
    }
    this.#touched.push(...own);
  }
}
