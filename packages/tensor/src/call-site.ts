/** Notes where ops are called, for those who look for a wrong value or a slow kernel. Off by default: a stack trace for each op costs more than the op. */
let find: ((stack: string) => string | undefined) | undefined;
/** Where gradients are made: the line of the op that they belong to. */
let inherited: string | undefined;

/** Switches the notes on or off, for all ops from now on. */
export function recordCallSites(on: boolean): void {
  find = on ? siteIn : undefined;
}

/** The line outside this package that is making a node; undefined while nothing is recorded. */
export function callSite(): string | undefined {
  return find && (inherited ?? find(new Error().stack ?? ""));
}

/** What `make` builds belongs to another op's line. */
export function atSite<T>(site: string | undefined, make: () => T): T {
  const before = inherited;
  inherited = site === undefined ? before : site;
  try {
    return make();
  } finally {
    inherited = before;
  }
}

/** Frames of this package, as source, as built, and as installed. */
const own = /[/\\](?:packages|@multiway)[/\\]tensor[/\\](?:src|dist)[/\\](?!.*\.test\.)/;

/** The first frame of another file, as `file:line:column`, with the function if it has a name. */
export function siteIn(stack: string): string | undefined {
  for (const line of stack.split("\n").slice(1)) {
    if (own.test(line) || line.includes("node:internal")) continue;
    const named = /^\s*at (?:async )?(?:(.+?) \()?(?:file:\/\/)?(.+?:\d+:\d+)\)?$/.exec(line) ?? /^(?:(.*?)@)?(?:file:\/\/)?(.+?:\d+:\d+)$/.exec(line);
    if (!named) continue;
    const [, name, place] = named;
    return name ? `${place} (${name})` : place!;
  }
  return undefined;
}
