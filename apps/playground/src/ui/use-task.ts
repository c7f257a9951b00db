import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface TaskState<R> {
  isRunning: boolean;
  result: R | undefined;
  /** A sentence with a remedy. */
  error: string | undefined;
}

/** Something that is computed on demand: the latest request counts, an earlier one is stopped. */
export function useTask<A extends unknown[], R>(run: (signal: AbortSignal, ...input: A) => Promise<R>): TaskState<R> & { start: (...input: A) => void; stop: () => void } {
  const [state, setState] = useState<TaskState<R>>({ isRunning: false, result: undefined, error: undefined });
  const controller = useRef<AbortController | undefined>(undefined);
  const latest = useRef(run);
  latest.current = run;

  const stop = useCallback(() => {
    controller.current?.abort(new DOMException("Stopped.", "AbortError"));
    controller.current = undefined;
    setState((before) => ({ ...before, isRunning: false }));
  }, []);
  const start = useCallback((...input: A) => {
    controller.current?.abort(new DOMException("Another request came.", "AbortError"));
    const own = new AbortController();
    controller.current = own;
    setState((before) => ({ ...before, isRunning: true, error: undefined }));
    latest.current(own.signal, ...input).then(
      (result) => own.signal.aborted || setState({ isRunning: false, result, error: undefined }),
      (error: unknown) => own.signal.aborted || setState((before) => ({ ...before, isRunning: false, error: error instanceof Error ? error.message : String(error) })),
    );
  }, []);
  useEffect(() => () => controller.current?.abort(new DOMException("The page moved on.", "AbortError")), []);
  return { ...state, start, stop };
}
