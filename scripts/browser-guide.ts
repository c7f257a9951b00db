import { createServer, type Server } from "node:http";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { chromium as browsers } from "playwright";
import { build } from "vite";
import { chromium } from "../packages/testing/src/software.ts";
import { run } from "./process.ts";

/** Files that docs/guides/browser.md tells its reader to write: blocks that begin with ```` ```LANGUAGE in FOLDER/FILE ````, by path. */
export async function filesOfGuide(path: string): Promise<Map<string, string>> {
  const blocks = [...(await readFile(path, "utf8")).matchAll(/^```\w+ in (\S+)\n([\s\S]*?)^```$/gm)];
  if (blocks.length === 0) throw new Error(`${path}: no block begins with \`\`\`html in FOLDER/FILE.`);
  return new Map(blocks.map(([, file, text]) => [file!, text!]));
}

/**
 * Writes the guide's pages, builds what is to be built, and opens each in a browser, served with the headers that isolate it and without.
 *
 * @param folder   where the packages that it names are installed
 * @param picture  what the pages are to recognise
 * @returns what each page shows
 */
export async function openGuidePages(files: ReadonlyMap<string, string>, folder: string, picture: string): Promise<{ page: string; isIsolated: boolean; shows: string }[]> {
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const [vite, plain] = [join(folder, "vite"), join(folder, "plain")];
  await mkdir(join(vite, "public"));
  await copyFile(picture, join(vite, "public/picture.png"));
  await copyFile(picture, join(plain, "picture.png"));
  await build({ root: vite, base: "./", logLevel: "error" });
  await symlink(join(folder, "node_modules"), join(plain, "node_modules"));
  await writeFile(join(plain, "index.html"), await run(process.execPath, ["import-map.mjs", "page.html"], { cwd: plain }));
  const browser = await browsers.launch((await chromium()) ?? { channel: "chrome" });
  try {
    const found = [];
    for (const [page, served] of [["vite", join(vite, "dist")], ["plain", plain]] as const) {
      for (const isIsolated of [true, false]) found.push({ page, isIsolated, shows: await show(browser, served, isIsolated) });
    }
    return found;
  } finally {
    await browser.close();
  }
}

/** What a page shows when its work is done. @throws Error with what went wrong in it */
async function show(browser: Awaited<ReturnType<typeof browsers.launch>>, folder: string, isIsolated: boolean): Promise<string> {
  const server = await serve(folder, isIsolated ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" } : {});
  const page = await browser.newPage();
  try {
    const { port } = server.address() as { port: number };
    const failed = new Promise<never>((_, reject) => {
      page.on("pageerror", reject);
      page.on("console", (message) => message.type() === "error" && reject(new Error(message.text())));
    });
    await page.goto(`http://localhost:${port}/`);
    const output = page.locator("output:not(:empty)");
    await Promise.race([output.waitFor({ timeout: 30_000 }), failed]);
    return await output.innerText();
  } finally {
    await page.close();
    server.closeAllConnections();
    server.close();
  }
}

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json", ".png": "image/png" };

/** A static host as plain as they come. */
async function serve(folder: string, headers: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const path = normalize(pathname.endsWith("/") ? `${pathname}index.html` : decodeURIComponent(pathname));
    readFile(join(folder, path)).then(
      (bytes) => response.writeHead(200, { ...headers, "Content-Type": types[extname(path)] ?? "application/octet-stream" }).end(bytes),
      // Browsers ask for it by themselves.
      () => response.writeHead(path === "/favicon.ico" ? 204 : 404, headers).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return server;
}
