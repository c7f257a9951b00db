const MARKER = Symbol.for("multiway.error");

/** Every code is a heading in docs/errors.md. */
export type MultiwayErrorCode =
  | "SHAPE"
  | "DTYPE"
  | "DEVICE"
  | "DEVICE_LOST"
  | "DONATED_TENSOR"
  | "KERNEL"
  | "NUMERIC"
  | "CHECKPOINT"
  | "TOKENIZER"
  | "IMAGE"
  | "DATA"
  | "OPTION"
  | "TRAINING"
  | "INTERNAL";

/**
 * The base of all errors that Multiway throws on purpose.
 *
 * A message reads `<function>: <what was given>; <what is accepted>. <what to do>`. Use {@link MultiwayError.isInstance}
 * and `code` rather than `instanceof`: two copies of a package in one bundle have two classes.
 */
export class MultiwayError extends Error {
  readonly code: MultiwayErrorCode;
  /** The values that the message was built from. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: MultiwayErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** True for an error of this class, or of its namesake in another copy of this package. */
  static isInstance(error: unknown): error is MultiwayError {
    if (typeof error !== "object" || error === null || !(MARKER in error)) return false;
    if (this === MultiwayError) return true;
    for (let prototype = Object.getPrototypeOf(error); prototype; prototype = Object.getPrototypeOf(prototype)) {
      if (prototype.constructor?.name === this.name) return true;
    }
    return false;
  }
}

interface Options {
  cause?: unknown;
  details?: Record<string, unknown>;
}

/** Sizes do not fit together, or an axis or index is outside a tensor. */
export class ShapeError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("SHAPE", message, options);
  }
}

/** An element type is not accepted here. */
export class DTypeError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("DTYPE", message, options);
  }
}

/** No device can be had, two devices meet in one operation, or a device refuses. */
export class DeviceError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("DEVICE", message, options);
  }
}

/** The device went away (driver reset, tab in the background, worker killed); pending work is lost. */
export class DeviceLostError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("DEVICE_LOST", message, options);
  }
}

/** A tensor was used after it had been donated to a compiled function, or after it was disposed. */
export class DonatedTensorError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("DONATED_TENSOR", message, options);
  }
}

/** A generated kernel was refused by its compiler. `details.source` holds its text. */
export class KernelError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("KERNEL", message, options);
  }
}

/** A device that is watched computed something that is not a number, or not what the reference computes. */
export class NumericError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("NUMERIC", message, options);
  }
}

/** A checkpoint cannot be read, written, or fitted to a model. */
export class CheckpointError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("CHECKPOINT", message, options);
  }
}

/** A tokenizer model cannot be read or trained, or text cannot be encoded with it. */
export class TokenizerError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("TOKENIZER", message, options);
  }
}

/** An image cannot be decoded, or has an unusable size. */
export class ImageError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("IMAGE", message, options);
  }
}

/** A data set is missing, empty or malformed. */
export class DataError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("DATA", message, options);
  }
}

/** An option, flag or argument has a value that is not accepted. */
export class OptionError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("OPTION", message, options);
  }
}

/** Training cannot go on: a loss that is not finite, or a state that does not fit the run. */
export class TrainingError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("TRAINING", message, options);
  }
}

/** A promise between our own parts was broken. Always our fault. */
export class InternalError extends MultiwayError {
  constructor(message: string, options: Options = {}) {
    super("INTERNAL", `internal: ${message} Please report this at https://github.com/multiway-js/multiway/issues.`, options);
  }
}
