import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { openCheckpoint, type CheckpointCache, type CheckpointReader, type DownloadProgress } from "./index.ts";

/** The tests' own server gives parts of files and tells their versions. */
const address = new URL("../fixtures/read.safetensors", import.meta.url).pathname;
const sizeBytes = 284_654;

let requests: (string | null)[];
const { fetch } = globalThis;
/** Counts what goes over the network, and may break it. */
function watch(change: (response: Response) => Response | Promise<Response> = (response) => response): void {
  globalThis.fetch = async (...request) => {
    requests.push(new Headers(request[1]?.headers).get("Range"));
    return change(await fetch(...request));
  };
}
beforeEach(() => {
  requests = [];
  watch();
});
afterEach(() => void (globalThis.fetch = fetch));

async function whole(): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address);
  return new Uint8Array(await response.arrayBuffer());
}
async function expectSame(checkpoint: CheckpointReader, bytes?: Uint8Array): Promise<void> {
  await using expected = await openCheckpoint(bytes ?? (await whole()));
  expect([...checkpoint.entries.keys()]).toEqual([...expected.entries.keys()]);
  const different: string[] = [];
  for (const key of expected.entries.keys()) {
    const [given, wanted] = [(await checkpoint.read(key)).bytes, (await expected.read(key)).bytes];
    if (given.length !== wanted.length || given.some((byte, position) => byte !== wanted[position])) different.push(key);
  }
  expect(different).toEqual([]);
}

describe("an address", () => {
  it("is read in parts", async () => {
    const progress: DownloadProgress[] = [];
    await using checkpoint = await openCheckpoint(address, { onProgress: (one) => progress.push(one) });
    await expectSame(checkpoint);
    expect(requests[0]).toBe("bytes=0-262143");
    expect(requests.length).toBeLessThan(4);
    expect(progress.at(-1)).toEqual({ receivedBytes: sizeBytes, totalBytes: sizeBytes });
  });
  it("is asked for the rest where the connection breaks", async () => {
    let left = 1;
    watch((response) => {
      if (left-- <= 0) return response;
      const reader = response.body!.getReader();
      let sent = false;
      const broken = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (sent) return controller.error(new TypeError("network error"));
          sent = true;
          controller.enqueue((await reader.read()).value!.slice(0, 1000));
        },
      });
      return new Response(broken, response);
    });
    await using checkpoint = await openCheckpoint(address, { pauseMs: 1 });
    await expectSame(checkpoint);
    expect(requests[1]).toBe("bytes=1000-262143");
  });
  it("of another site that hides its answers' headers is read whole", async () => {
    watch((response) => new Response(response.body, { status: response.status }));
    await using checkpoint = await openCheckpoint(address);
    await expectSame(checkpoint);
    expect(requests).toEqual(["bytes=0-262143", "bytes=0-"]);
  });
  it("that is not there is refused", async () => {
    await expect(openCheckpoint("/nowhere/model.safetensors")).rejects.toMatchObject({ name: "CheckpointError" });
  });
});

describe.each<[string, () => Promise<CheckpointCache>]>([
  ["the page's own storage", async () => {
    const root = await navigator.storage.getDirectory();
    onTestFinished(() => root.removeEntry("models", { recursive: true }));
    return root.getDirectoryHandle("models", { create: true });
  }],
  ["Cache Storage", async () => {
    onTestFinished(async () => void (await caches.delete("models")));
    return caches.open("models");
  }],
])("a cache in %s", (_, open) => {
  it("spares all requests but one, and serves without the network", async () => {
    const cache = await open();
    {
      await using checkpoint = await openCheckpoint(address, { cache });
      await expectSame(checkpoint);
    }
    requests = [];
    {
      await using checkpoint = await openCheckpoint(address, { cache });
      await expectSame(checkpoint);
    }
    expect(requests).toEqual(["bytes=0-0"]);
    const bytes = await whole();
    watch(() => Promise.reject(new TypeError("Failed to fetch")));
    await using checkpoint = await openCheckpoint(address, { cache, pauseMs: 1 });
    await expectSame(checkpoint, bytes);
  });
});

it("a path is no cache in a page", async () => {
  await expect(openCheckpoint(address, { cache: "models" })).rejects.toThrow("`cache` is a path. In pages, hand in a folder of navigator.storage.getDirectory()");
});

it("files and streams are read", async () => {
  const bytes = await whole();
  for (const source of [new File([bytes], "model.safetensors"), new Blob([bytes]).stream()]) {
    await using checkpoint = await openCheckpoint(source);
    await expectSame(checkpoint);
  }
});
