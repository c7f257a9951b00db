import { expect, test } from "vitest";
import { entryPoints } from "./tsup-preset.ts";

const entry = (name: string, source = name) => ({ "@multiway/source": `./src/${source}.ts`, types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` });

test("every file that package.json names in dist is built from its source", () => {
  expect(
    entryPoints({
      name: "x",
      exports: { ".": entry("index"), "./op": entry("op/index"), "./package.json": "./package.json" },
      imports: {
        "#codec": {
          "@multiway/source": { browser: "./src/codec/codec.browser.ts", default: "./src/codec/codec.node.ts" },
          types: "./dist/codec.node.d.ts",
          browser: "./dist/codec.browser.js",
          default: "./dist/codec.node.js",
        },
      },
    }),
  ).toEqual({
    index: "./src/index.ts",
    "op/index": "./src/op/index.ts",
    "codec.browser": "./src/codec/codec.browser.ts",
    "codec.node": "./src/codec/codec.node.ts",
  });
});

test("a file in dist without a source is refused", () => {
  expect(() => entryPoints({ name: "x", exports: { ".": entry("index", "main") } })).toThrow('x: package.json names ./dist/index.js, but no file under "@multiway/source" is called index.ts.');
});
