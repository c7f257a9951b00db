import { control, failureBytes } from "../device/control.ts";
import type { SharedRegions, WorkerProgram } from "../device/protocol.ts";

export type KernelCall = (argumentsAddress: number, scratch: number, firstTask: number, endTask: number) => void;

/** The part of a program that says what is called, and when. */
type Steps = Pick<WorkerProgram, "phases" | "steps">;

/** How a run failed. */
export interface Failure {
  step: number;
  text: string;
}

/** About 0.2 ms of looking before a thread goes to sleep: longer than most phases differ between threads, and than it takes to wake up, shorter than a time slice. */
const spins = 20_000;

/**
 * One thread's part in running programs.
 *
 * Threads take tickets from a common counter. A ticket is a range of tasks, of one step or of several, and only those of the open phase may be taken; who finishes the last
 * one opens the next phase. No thread is ever waited for that has not taken a ticket, so one that wakes late, or not at all, costs nothing.
 */
export class Team {
  readonly #thread: number;
  readonly #functions: readonly (KernelCall | undefined)[];
  #words: Int32Array;

  constructor(thread: number, functions: readonly (KernelCall | undefined)[], memory: WebAssembly.Memory) {
    this.#thread = thread;
    this.#functions = functions;
    this.#words = new Int32Array(memory.buffer);
  }

  /** To be called when the memory has grown; words seen before stay where they are when it is shared. */
  remap(memory: WebAssembly.Memory): void {
    this.#words = new Int32Array(memory.buffer);
  }

  /** All phases in this thread. */
  runAlone(program: Steps, regions: SharedRegions): void {
    const { phases } = program;
    for (let phase = 0; phase < phases.length; phase += 4) {
      for (let ticket = 0; ticket < phases[phase + 2]!; ticket++) {
        if (this.#words[control.failed] !== 0) return;
        this.#runTicket(program, phase, ticket, regions.scratchAddress);
      }
    }
  }

  /**
   * This thread's part; returns when there is nothing left to take. Only the first thread waits for the end of the run. It also opens the first phase, which is
   * number `firstPhase` + 1: the end of the run before has opened `firstPhase`, and that must let nobody in before the arguments are filled in.
   */
  runShared(program: Steps, regions: SharedRegions, firstTicket: number, firstPhase: number): void {
    const words = this.#words;
    if (this.#thread === 0) this.#open((firstPhase + 1) | 0);
    const { phases } = program;
    const scratch = regions.scratchAddress + this.#thread * regions.scratchBytes;
    let ticketsBefore = firstTicket;
    for (let phase = 0; phase < phases.length; phase += 4) {
      const number = (firstPhase + 1 + phase / 4) | 0;
      this.#waitUntilOpen(number);
      const ticketsAfter = (ticketsBefore + phases[phase + 2]!) | 0;
      for (;;) {
        const ticket = Atomics.load(words, control.next);
        if (((ticketsAfter - ticket) | 0) <= 0) break;
        if (Atomics.compareExchange(words, control.next, ticket, (ticket + 1) | 0) !== ticket) continue;
        if (Atomics.load(words, control.failed) === 0) this.#runTicket(program, phase, (ticket - ticketsBefore) | 0, scratch);
        if (((Atomics.add(words, control.done, 1) + 1) | 0) === ticketsAfter) this.#open((number + 1) | 0);
      }
      ticketsBefore = ticketsAfter;
    }
    if (this.#thread === 0) this.#waitUntilOpen((firstPhase + 1 + phases.length / 4) | 0);
  }

  /** Everything before phase `number` is done. */
  #open(number: number): void {
    Atomics.store(this.#words, control.open, number);
    if (Atomics.load(this.#words, control.sleepers) > 0) Atomics.notify(this.#words, control.open);
  }

  #waitUntilOpen(number: number): void {
    const words = this.#words;
    for (let spin = 0; spin < spins; spin++) {
      if (((Atomics.load(words, control.open) - number) | 0) >= 0) return;
    }
    Atomics.add(words, control.sleepers, 1);
    for (;;) {
      const open = Atomics.load(words, control.open);
      if (((open - number) | 0) >= 0) break;
      Atomics.wait(words, control.open, open);
    }
    Atomics.sub(words, control.sleepers, 1);
  }

  #runTicket(program: Steps, phase: number, ticket: number, scratch: number): void {
    const { phases, steps } = program;
    const perTicket = phases[phase + 3]!;
    let task = ticket * perTicket;
    const endTask = Math.min(task + perTicket, steps[3 * (phases[phase]! + phases[phase + 1]!) - 1]!);
    let step = phases[phase]!;
    let before = 0;
    try {
      for (; task < endTask; step++) {
        const after = steps[3 * step + 2]!;
        if (task < after) {
          const end = Math.min(endTask, after);
          this.#functions[steps[3 * step]!]!(steps[3 * step + 1]!, scratch, task - before, end - before);
          task = end;
        }
        before = after;
      }
    } catch (error) {
      this.fail(step, error instanceof Error ? error.message : String(error));
    }
  }

  /** Notes the first failure of a run for the first thread to report. */
  fail(step: number, text: string): void {
    if (Atomics.compareExchange(this.#words, control.failed, 0, 1) !== 0) return;
    // Not encodeInto: it refuses shared memory.
    const bytes = new TextEncoder().encode(text).subarray(0, failureBytes);
    new Uint8Array(this.#words.buffer).set(bytes, control.failureText * 4);
    this.#words[control.failureLength] = bytes.length;
    this.#words[control.failedStep] = step;
  }

  /** The failure of the run that has just ended, if any; asking clears it. */
  takeFailure(): Failure | undefined {
    if (Atomics.load(this.#words, control.failed) === 0) return undefined;
    const bytes = new Uint8Array(this.#words.buffer).slice(control.failureText * 4, control.failureText * 4 + this.#words[control.failureLength]!);
    const failure = { step: this.#words[control.failedStep]!, text: new TextDecoder().decode(Uint8Array.from(bytes)) };
    Atomics.store(this.#words, control.failed, 0);
    return failure;
  }
}
