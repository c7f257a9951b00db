/**
 * Keeps the page's files, so that it works without a network after the first visit, and answers with the headers that shared memory needs, for hosts that cannot send them.
 */

/** As much of its scope as is used here; the types of pages and of workers exclude each other. */
interface Scope {
  addEventListener(type: "install" | "activate", listener: (event: { waitUntil(promise: Promise<unknown>): void }) => void): void;
  addEventListener(type: "fetch", listener: (event: { request: Request; respondWith(response: Promise<Response>): void }) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  location: Location;
}
const scope = globalThis as unknown as Scope;

/** All files of this build, and a name for it: see `vite.config.ts`. */
interface Build {
  version: string;
  files: string[];
}

const prefix = "playground-";
const readBuild = async (): Promise<Build> => (await (await fetch("build.json", { cache: "no-store" })).json()) as Build;

scope.addEventListener("install", (event) =>
  event.waitUntil(
    readBuild().then(async ({ version, files }) => {
      const cache = await caches.open(prefix + version);
      await cache.addAll(["./", ...files]);
      await scope.skipWaiting();
    }),
  ),
);

scope.addEventListener("activate", (event) =>
  event.waitUntil(
    readBuild().then(async ({ version }) => {
      const old = (await caches.keys()).filter((name) => name.startsWith(prefix) && name !== prefix + version);
      await Promise.all(old.map((name) => caches.delete(name)));
      await scope.clients.claim();
    }),
  ),
);

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  // Checkpoints of other hosts are none of its business.
  if (request.method !== "GET" || new URL(request.url).origin !== scope.location.origin) return;
  event.respondWith(answer(request));
});

/** The page itself from the network while there is one, so that a new build is seen; its files, which never change under their names, as they are kept. */
async function answer(request: Request): Promise<Response> {
  const kept = () => caches.match(request.url, { ignoreSearch: true });
  const range = request.headers.get("Range");
  if (range !== null) {
    const whole = await kept();
    return whole ? isolated(await partOf(whole, range)) : await fetch(request);
  }
  if (request.mode === "navigate") return isolated(await fetch(request).catch(async () => (await kept()) ?? Response.error()));
  return isolated((await kept()) ?? (await fetch(request)));
}

/** Weights are read in parts. */
async function partOf(whole: Response, range: string): Promise<Response> {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  if (first === undefined) return whole;
  const blob = await whole.blob();
  const from = Number(first);
  const to = last ? Math.min(Number(last), blob.size - 1) : blob.size - 1;
  if (from > to) return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${blob.size}` } });
  return new Response(blob.slice(from, to + 1), { status: 206, headers: { "Content-Range": `bytes ${from}-${to}/${blob.size}`, "Accept-Ranges": "bytes" } });
}

function isolated(response: Response): Response {
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
