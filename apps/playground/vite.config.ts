import { defineConfig } from "vite";

/** Threads of the CPU device share memory, which a page may only have with these. */
const isolated = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  // The built folder may lie anywhere on a host.
  base: "./",
  resolve: { conditions: ["@multiway/source", "browser", "import", "module", "default"] },
  worker: { format: "es" },
  // Addresses of data are not allowed by the page's policy, and weights in a script would be loaded by everybody.
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { headers: isolated },
  preview: { headers: isolated },
});
