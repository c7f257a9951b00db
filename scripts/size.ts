/**
 * What an import costs a page: each is bundled for browsers, minified and compressed, and held to its ceiling.
 *
 *     pnpm size
 *
 * A ceiling is raised only in the commit that needs it, with the reason. The headroom is small on purpose: larger leaks have names.
 */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What somebody writes, and the most bytes that it may come to after gzip. */
const ceilings: readonly (readonly [code: string, ceilingBytes: number])[] = [
  ['export * from "@multiway/errors"', 1_100],
  ['export { key } from "@multiway/random"', 1_400],
  ['export * from "@multiway/tokenizers"', 19_500],
  ['export * from "@multiway/images"', 12_800],
  ['export * from "@multiway/tensor"', 34_000],
  ['export { wasm } from "@multiway/wasm"', 56_000],
  ['export { webgpu } from "@multiway/webgpu"', 40_000],
  ['export * from "@multiway/checkpoint"', 22_000],
  ['export * from "@multiway/transformer"', 27_000],
  // A page that multiplies two matrices, and one that trains the whole encoder.
  ['import { openDevice } from "@multiway/tensor"; import { webgpu } from "@multiway/webgpu"; const x = (await openDevice(webgpu())).ones([2, 2]); console.log(await x.matmul(x).data());', 64_500],
  ['import { compile, openDevice, valueAndGrad } from "@multiway/tensor"; import { webgpu } from "@multiway/webgpu"; import { AdamW } from "@multiway/optim"; import { beit3Tiny, PretrainingModel } from "@multiway/beit3"; console.log(compile, openDevice, valueAndGrad, webgpu, AdamW, beit3Tiny, PretrainingModel);', 76_500],
];

let isOver = false;
for (const [code, ceilingBytes] of ceilings) {
  // Without externals: what needs Node does not resolve, and a page would break on it.
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["@multiway/source"],
    write: false,
    logLevel: "error",
  });
  const sizeBytes = gzipSync(outputFiles[0]!.contents, { level: 9 }).byteLength;
  const fits = sizeBytes <= ceilingBytes;
  isOver ||= !fits;
  console.log(`${fits ? "✓" : "✗"} ${String(sizeBytes).padStart(7)} of ${String(ceilingBytes).padStart(7)} bytes  ${code}`);
}
process.exitCode = isOver ? 1 : 0;
