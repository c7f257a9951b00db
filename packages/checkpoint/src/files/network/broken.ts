/** A connection that broke, or a server that is busy: worth another try. */
export class Broken extends Error {}

/** As many tries in a row as bring nothing: of a file that is under way, and of one that has yet to begin. */
export const maxFailures = { underWay: 5, first: 3 } as const;

/** Waits before another try, twice as long each time. @throws the signal's reason */
export async function pause(failures: number, { pauseMs = 200, signal }: { pauseMs?: number; signal?: AbortSignal }): Promise<void> {
  await within(new Promise((resolve) => setTimeout(resolve, pauseMs * 2 ** (failures - 1))), { signal });
}

/** A promise's value, unless the signal or the limit of time comes first. @throws the signal's reason; Broken past the limit */
export async function within<T>(promise: Promise<T>, { signal, limitMs }: { signal?: AbortSignal | undefined; limitMs?: number }): Promise<T> {
  // It may fail when nobody waits any more.
  promise.catch(() => {});
  signal?.throwIfAborted();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort: (() => void) | undefined;
  const others: Promise<never>[] = [];
  if (signal) others.push(new Promise((_, reject) => signal.addEventListener("abort", (onAbort = () => reject(signal.reason as Error)))));
  if (limitMs !== undefined) others.push(new Promise((_, reject) => (timer = setTimeout(() => reject(new Broken(`nothing came for ${limitMs} ms`)), limitMs))));
  try {
    return await Promise.race([promise, ...others]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal!.removeEventListener("abort", onAbort);
  }
}
