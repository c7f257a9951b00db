/**
 * What an import costs a page: each is bundled for browsers, minified and compressed file by file, and held to its ceiling.
 *
 *     pnpm size
 *
 * A ceiling is raised only in the commit that needs it, with the reason. The headroom is small on purpose: larger leaks have names.
 */
import { buildPage, loadedFiles, productPages, reachableFiles, type PageFile } from "./page.ts";

interface Ceiling {
  /** What somebody writes. */
  code: string;
  /** What the page asks for on demand; "everything" counts all files that it could ever load. */
  loads?: readonly string[] | "everything";
  /** The most bytes that it may come to after gzip. */
  bytes: number;
}

const ceilings: readonly Ceiling[] = [
  { code: 'export * from "@multiway/errors"', bytes: 1_100 },
  { code: 'export { key } from "@multiway/random"', bytes: 1_400 },
  { code: 'export * from "@multiway/tokenizers"', bytes: 19_500 },
  // The augmentations of both official recipes are 4.4 kB of it; the second line is a page that only looks at pictures.
  { code: 'export * from "@multiway/images"', bytes: 17_600 },
  { code: 'export { evaluationTransform, loadImage } from "@multiway/images"', bytes: 8_500 },
  { code: 'export * from "@multiway/metrics"', bytes: 8_600 },
  { code: 'export * from "@multiway/tensor"', bytes: 32_500 },
  { code: 'export { wasm } from "@multiway/wasm"', loads: "everything", bytes: 47_500 },
  { code: 'export { webgpu } from "@multiway/webgpu"', loads: "everything", bytes: 54_500 },
  // With addresses, streams and shards, which are 4 kB of it.
  { code: 'export * from "@multiway/checkpoint"', bytes: 26_000 },
  { code: 'export * from "@multiway/transformer"', bytes: 27_000 },
  // A page that uses models: the encoder, all heads, tokenizer, pictures and reader of files; then with every form in which files may come.
  { code: 'export { loadBeit3 } from "@multiway/beit3"', bytes: 84_500 },
  { code: 'export { loadBeit3 } from "@multiway/beit3"', loads: "everything", bytes: 100_000 },
  // Pages that multiply two matrices.
  { ...productPages["webgpu"]!, bytes: 40_000 },
  { ...productPages["webgpu of two"]!, bytes: 40_500 },
  { ...productPages["wasm"]!, bytes: 46_000 },
  { ...productPages["wasm isolated"]!, bytes: 47_500 },
  // Pages that run the whole encoder, and that pretrain it. Of the last two more than 1 kB is that loadBeit3 stands in the package that they take sizes from: what it asks for on demand splits their files differently, and files compress one by one.
  {
    code: 'import { compile, openDevice } from "@multiway/tensor"; import { webgpu } from "@multiway/webgpu"; import { modelSizes, MultiwayTransformer, releasedForm } from "@multiway/transformer"; console.log(compile, openDevice, webgpu, modelSizes, releasedForm, MultiwayTransformer);',
    loads: "everything",
    bytes: 89_000,
  },
  {
    code: 'import { compile, openDevice } from "@multiway/tensor"; import { wasm } from "@multiway/wasm"; import { modelSizes, MultiwayTransformer, releasedForm } from "@multiway/transformer"; console.log(compile, openDevice, wasm, modelSizes, releasedForm, MultiwayTransformer);',
    loads: "everything",
    bytes: 83_000,
  },
  {
    code: 'import { compile, openDevice } from "@multiway/tensor"; import { webgpu } from "@multiway/webgpu"; import { beit3Tiny } from "@multiway/beit3"; import { MultiwayTransformer } from "@multiway/transformer"; console.log(compile, openDevice, webgpu, beit3Tiny, MultiwayTransformer);',
    loads: "everything",
    bytes: 90_500,
  },
  // A page that pretrains it.
  {
    code: 'import { compile, openDevice, valueAndGrad } from "@multiway/tensor"; import { webgpu } from "@multiway/webgpu"; import { AdamW } from "@multiway/optim"; import { beit3Tiny, PretrainingModel } from "@multiway/beit3"; console.log(compile, openDevice, valueAndGrad, webgpu, AdamW, beit3Tiny, PretrainingModel);',
    loads: "everything",
    bytes: 93_500,
  },
];

const sumOf = (files: readonly PageFile[]): number => files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

let isOver = false;
for (const { code, loads = [], bytes } of ceilings) {
  const files = await buildPage(code);
  const sizeBytes = sumOf(loads === "everything" ? reachableFiles(files) : loadedFiles(files, loads));
  const fits = sizeBytes <= bytes;
  isOver ||= !fits;
  const onDemand = loads === "everything" ? "everything" : loads.map((module) => module.replace(/^packages\/|src\//g, "")).join(", ");
  console.log(`${fits ? "✓" : "✗"} ${String(sizeBytes).padStart(7)} of ${String(bytes).padStart(7)} bytes  ${code}${onDemand && `  and, on demand, ${onDemand}`}`);
}
process.exitCode = isOver ? 1 : 0;
