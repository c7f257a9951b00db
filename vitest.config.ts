import { playwright } from "@vitest/browser-playwright";
// By path: the configuration is read before any package from source can be.
import { chromium } from "./packages/testing/src/software.ts";
import { servePages } from "./scripts/serve-pages.ts";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

/** Tests run from source: every package resolves through the `@multiway/source` condition, so no build is needed. */
const conditions = ["@multiway/source", "import", "module", "default"];

/** What a test file needs stands in its name: `x.webgpu.test.ts`; with no such word, nothing. */
const needs = ["reference", "wasm", "webgpu", "browser", "page"];
const folders = ["packages/*/src/**", "apps/*/src/**", "scripts/**"];
const isolated = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Runs in Node. */
function node(name: string, test: TestProjectInlineConfiguration["test"] = {}): TestProjectInlineConfiguration {
  return { extends: true, test: { name, environment: "node", include: folders.map((folder) => `${folder}/*.${name}.test.ts`), ...test } };
}

export default defineConfig(async () => {
  const packed = await chromium();
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      maxWorkers: "100%",
      // Runs on loaded machines, too; what hangs is ended by the step's own limit.
      testTimeout: 30_000,
      hookTimeout: 30_000,
      projects: [
        node("unit", {
          include: folders.map((folder) => `${folder}/*.test.ts`),
          exclude: ["**/node_modules/**", ...needs.map((need) => `**/*.${need}.test.ts`)],
        }),
        node("reference"),
        node("wasm"),
        node("webgpu", {
          runner: "./packages/testing/src/webgpu-runner.ts",
          // A software adapter is slow, and compiles each kernel anew in each process.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        }),
        // Whole pages in a browser, one after the other: how long they take is part of what is tested.
        node("page", { testTimeout: 60_000, hookTimeout: 180_000, fileParallelism: false }),
        {
          extends: true,
          plugins: [servePages()],
          // Where Node and pages differ, a package's `imports` name a file for each.
          resolve: { conditions: ["browser", ...conditions] },
          server: { headers: isolated },
          test: {
            name: "browser",
            include: folders.map((folder) => `${folder}/*.browser.test.ts`),
            testTimeout: 60_000,
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              provider: playwright({ launchOptions: packed ?? { channel: "chrome", args: ["--enable-unsafe-webgpu"] } }),
              instances: [{ browser: "chromium" }],
            },
          },
        } satisfies TestProjectInlineConfiguration,
      ],
    },
  };
});
