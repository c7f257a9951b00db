import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/golden.ts", "src/codec/codec.node.ts", "src/codec/codec.browser.ts"],
  format: "esm",
  dts: true,
  // The condition that picks `#codec` stands in package.json and is decided where the package is used.
  external: ["#codec", "sharp"],
  outDir: "dist",
});
