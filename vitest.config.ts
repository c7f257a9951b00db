import { defineConfig } from "vitest/config";

/** Tests run from source: every package resolves through the `@multiway/source` condition, so no build is needed. */
const conditions = ["@multiway/source", "import", "module", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "scripts/**/*.test.ts"], environment: "node" },
      },
    ],
  },
});
