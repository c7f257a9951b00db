/** Longest that a caller who waits for nothing keeps timers, signals and a page's events from their turn, in milliseconds. */
const longestTurn = 8;

let began: number | undefined;

/** Resolves at once, but every few milliseconds lets the event loop go round first: answers that are there already must not make `await` in a loop a standstill. */
export async function letOthersTakeTurns(): Promise<void> {
  began ??= performance.now();
  if (performance.now() - began < longestTurn) return;
  await nextTurn();
  began = performance.now();
}

function nextTurn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  // A timer may be held back for 4 ms, or, in a page that nobody looks at, for a second.
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
