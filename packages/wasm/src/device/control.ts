/**
 * Words of the device's memory that threads share, as indices into an Int32Array. Each has a cache line of its own. Tickets and phases are counted
 * through all runs, modulo 2³², so nothing is ever reset: a thread that comes late to a run finds its numbers passed and goes home.
 */
export const control = {
  /** The next ticket that nobody has taken. A ticket is a range of tasks of one phase. */
  next: 16,
  /** How many tickets are done. */
  done: 32,
  /** The phase whose tickets may be taken; all before it are done. */
  open: 48,
  /** Threads asleep on `open`. */
  sleepers: 64,
  /** Not 0: a thread failed, and the rest of this run is skipped. */
  failed: 80,
  /** Messages that the first worker has dealt with. */
  handled: 96,
  /** Step of the failure, then the length in bytes and the UTF-8 of its text. */
  failedStep: 112,
  failureLength: 113,
  failureText: 114,
  /** Failures that have been told to the main thread. */
  failures: 192,
} as const;

/** Longest text of a failure, in bytes. */
export const failureBytes = 256;

/** Memory below this address is the control block's. */
export const controlBytes = 1024;
