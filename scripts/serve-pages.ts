import type { Plugin } from "vitest/config";
import { buildPage, loadedFiles, productPages, type PageFile } from "./page.ts";

/** Of these pages a file is missing on the server. */
const missing: Readonly<Record<string, { page: string; module: string }>> = {
  "webgpu without matmul": { page: "webgpu", module: "packages/webgpu/src/kernels/matmul.ts" },
  "wasm without matmul": { page: "wasm", module: "packages/wasm/src/kernels/matmul.ts" },
};

/**
 * Serves the pages of `pnpm size` as they are built: `/built-pages/NAME/page.js` and what it loads. `/built-pages/NAME/loaded.json` lists the files that
 * the page is said to load.
 */
export function servePages(): Plugin {
  const built = new Map<string, Promise<PageFile[]>>();
  return {
    name: "built-pages",
    configureServer({ middlewares }) {
      middlewares.use("/built-pages", (request, response) => {
        void answer(built, request.url ?? "").then((body) => {
          response.statusCode = body === undefined ? 404 : 200;
          response.setHeader("Content-Type", request.url?.endsWith(".json") ? "application/json" : "text/javascript");
          response.end(body);
        });
      });
    },
  };
}

async function answer(built: Map<string, Promise<PageFile[]>>, url: string): Promise<Uint8Array | string | undefined> {
  const [, name = "", path = ""] = decodeURI(new URL(url, "http://localhost").pathname).split("/");
  const page = productPages[missing[name]?.page ?? name];
  if (!page) return undefined;
  const building = built.get(name) ?? buildPage(page.code);
  built.set(name, building);
  const files = await building;
  if (path === "loaded.json") return JSON.stringify(loadedFiles(files, page.loads).map((file) => file.path));
  const isMissing = ({ module }: PageFile): boolean => module !== undefined && module === missing[name]?.module;
  return files.find((one) => one.path === path && !isMissing(one))?.contents;
}
