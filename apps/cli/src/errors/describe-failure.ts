import { inspect } from "node:util";
import { MultiwayError } from "@multiway/errors";

/**
 * What went wrong and what to do about it, in one message.
 *
 * @param options.isDebugging  adds stack traces
 */
export function describeFailure(error: unknown, { isDebugging = false }: { isDebugging?: boolean } = {}): string {
  const message = describe(error);
  return isDebugging ? `${message}\n\n${inspect(error, { depth: 4 })}` : message;
}

function describe(error: unknown): string {
  if (MultiwayError.isInstance(error)) return error.message;
  if (isSystemError(error)) {
    const { code, path, syscall } = error;
    const deed = syscall && /^(open|read|stat|lstat|scandir|realpath|access)$/.test(syscall) ? "read or written" : "written";
    return `${path ?? "a file"} cannot be ${deed} (${code}); files that were there before are unchanged. ${remedies[code] ?? "Check the path and the disk."}`;
  }
  const text = error instanceof Error ? error.message || error.name : String(error);
  return `something unforeseen: ${text.replace(/\.$/, "")}. This is a fault of ours: run it again with --debug, and report what it prints.`;
}

/** Thrown by the file system: it has a path, or a code that only files have. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  if (!(error instanceof Error)) return false;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  return typeof code === "string" && typeof syscall === "string" && (path !== undefined || code in remedies);
}

const remedies: Readonly<Record<string, string>> = {
  ENOENT: "Check the path: a part of it does not exist.",
  ENOTDIR: "Check the path: a part of it is a file, not a folder.",
  EISDIR: "This is a folder where a file is expected; check the path.",
  EEXIST: "There is a file of this name where a folder is expected; choose another folder with --out.",
  EACCES: "You lack the permission; choose another folder with --out, or ask for it.",
  EPERM: "You lack the permission, or another program holds it open; choose another folder with --out.",
  EROFS: "The disk is read-only; choose another folder with --out.",
  ENOSPC: "The disk is full; make room, or choose another disk with --out, and go on with --resume.",
  EDQUOT: "Your share of the disk is used up; make room, or choose another disk with --out, and go on with --resume.",
  EFBIG: "The file is larger than the system allows here; raise the limit (`ulimit -f`), and go on with --resume.",
  EMFILE: "Too many files are open; raise the limit (`ulimit -n`).",
  EIO: "The disk reports a fault; choose another one with --out.",
};
