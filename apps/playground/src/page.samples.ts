import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@multiway/testing/software";
import { chromium as browsers, type Browser, type BrowserContext, type Page } from "playwright";
import { build, preview } from "vite";

const root = join(import.meta.dirname, "..");

/** A picture that comes along. */
export const sample = (file: string): Promise<Buffer> => readFile(join(root, "public/samples", file));

export interface OpenOptions {
  device?: "wasm" | "webgpu";
  width?: number;
  colorScheme?: "light" | "dark";
}

export interface Opened extends AsyncDisposable {
  page: Page;
  /** What went wrong in the page, and what it asked of others. */
  complaints: string[];
  /** Files of the scripts that the page and its worker have loaded. */
  scripts: Set<string>;
}

/** The page as it is built, served, and a browser to see it in. */
export interface Playground extends AsyncDisposable {
  browser: Browser;
  address: string;
  /** A room, once its model is open. */
  open(room: string, options?: OpenOptions): Promise<Opened>;
}

export async function servePlayground(): Promise<Playground> {
  const outDir = await mkdtemp(join(tmpdir(), "multiway-playground-"));
  await build({ root, logLevel: "error", build: { outDir, emptyOutDir: true } });
  const server = await preview({ root, logLevel: "error", build: { outDir }, preview: { port: 0 } });
  const found = (await chromium()) ?? { channel: "chrome", args: [] };
  const browser = await browsers.launch({ ...found, args: [...found.args, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] });
  const address = server.resolvedUrls!.local[0]!;
  return {
    browser,
    address,
    async open(room, { device = "wasm", width = 1600, colorScheme = "light" } = {}) {
      // Each in storage of its own, so that none sees what another kept for use without a network.
      const context: BrowserContext = await browser.newContext({ viewport: { width, height: 1000 }, colorScheme });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(address) && !url.startsWith("blob:")) complaints.push(`a request to ${url}`);
      });
      const scripts = new Set<string>();
      page.on("response", (response) => {
        const { pathname } = new URL(response.url());
        if (pathname.endsWith(".js")) scripts.add(join(outDir, pathname));
      });
      await page.goto(`${address}?device=${device}#${room}`);
      await page.getByText(/Ready in/).waitFor({ timeout: 60_000 });
      return { page, complaints, scripts, [Symbol.asyncDispose]: () => context.close() };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server.close();
      await rm(outDir, { recursive: true });
    },
  };
}

/** Files that a page saves, as they come. */
export function downloads(page: Page): Map<string, Uint8Array> {
  const saved = new Map<string, Uint8Array>();
  page.on("download", (download) => void download.path().then(async (path) => saved.set(download.suggestedFilename(), await readFile(path))));
  return saved;
}
