/** The model lives here, so that the page stays smooth whatever it does. */
import { answers } from "./answers.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import { Session } from "./session.ts";

const post = (message: FromWorker): void => globalThis.postMessage(message);
const session = new Session((reason) => post({ lost: reason }));
const running = new Map<number, AbortController>();

globalThis.onmessage = (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  if ("abort" in message) running.get(message.id)?.abort();
  else void answer(message);
};

async function answer({ id, call, input }: Exclude<ToWorker, { abort: true }>): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const run = answers[call] as (session: Session, input: unknown, options: { signal: AbortSignal; onProgress: (progress: unknown) => void }) => Promise<unknown>;
  try {
    const output = await run(session, input, { signal: controller.signal, onProgress: (progress) => post({ id, progress }) });
    post({ id, output });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    post({ id, error: { name, message } });
  } finally {
    running.delete(id);
  }
}
