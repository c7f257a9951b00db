import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

/** Threads of the CPU device share memory, which a page may only have with these. */
const isolated = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const serviceWorker = "service-worker";

/** `build.json`: what the service worker keeps. */
function listFiles(): Plugin {
  return {
    name: "list-files",
    apply: "build",
    generateBundle(_, bundle) {
      const samples = readdirSync(local("public"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => `${entry.parentPath.slice(local("public").length + 1)}/${entry.name}`.replace(/^\//, ""));
      const files = [...Object.keys(bundle).filter((name) => name !== `${serviceWorker}.js`), ...samples].sort();
      const version = createHash("sha256").update(files.join("\n")).digest("hex").slice(0, 16);
      this.emitFile({ type: "asset", fileName: "build.json", source: JSON.stringify({ version, files }) });
    },
  };
}

export default defineConfig({
  // The built folder may lie anywhere on a host.
  base: "./",
  plugins: [listFiles()],
  resolve: { conditions: ["@multiway/source", "browser", "import", "module", "default"] },
  worker: { format: "es" },
  build: {
    target: "es2022",
    // Addresses of data are not allowed by the page's policy, and weights in a script would be loaded by everybody.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: local("index.html"), [serviceWorker]: local("src/offline/service-worker.ts") },
      // It answers for its own folder and those below.
      output: { entryFileNames: ({ name }) => (name === serviceWorker ? "[name].js" : "assets/[name]-[hash].js") },
    },
  },
  server: { headers: isolated },
  preview: { headers: isolated },
});
