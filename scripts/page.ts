import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A page that multiplies two matrices and reads the product. */
export interface ProductPage {
  code: string;
  /** The modules that it asks for on demand; a browser test sees to it that these are they. */
  loads: readonly string[];
}

const onWebgpu = ["packages/webgpu/src/device/index.ts", "packages/webgpu/src/kernels/matmul.ts"];
const onWasm = ["packages/wasm/src/device/index.ts", "packages/wasm/src/kernels/matmul.ts"];
/** In a page that is cross-origin isolated the calling thread runs what is small. */
const isolated = ["packages/wasm/src/device/small-programs.ts"];

const imports = { webgpu: 'import { webgpu } from "@multiway/webgpu";', wasm: 'import { wasm } from "@multiway/wasm";' };
const multiply = (device: string): string => `import { openDevice } from "@multiway/tensor"; const x = (await openDevice(${device})).ones([64, 64]); export const product = await x.matmul(x).data();`;
const webgpu = `${imports.webgpu} ${multiply("webgpu({ allowSoftware: true })")}`;
const wasm = `${imports.wasm} ${multiply("wasm()")}`;
const either = (options: string): string => `${imports.webgpu} ${imports.wasm} ${multiply(`[webgpu(${options}), wasm()]`)}`;

/** On each device, and with a choice of two. */
export const productPages: Readonly<Record<string, ProductPage>> = {
  webgpu: { code: webgpu, loads: onWebgpu },
  wasm: { code: wasm, loads: onWasm },
  "wasm isolated": { code: wasm, loads: [...onWasm, ...isolated] },
  "webgpu of two": { code: either("{ allowSoftware: true }"), loads: onWebgpu },
};

/** A file of a page. */
export interface PageFile {
  path: string;
  contents: Uint8Array;
  /** After gzip. */
  sizeBytes: number;
  /** What it cannot start without. */
  imports: readonly string[];
  /** What it may ask for later. */
  asksFor: readonly string[];
  /** The module that it is loaded for on demand, from the root: `packages/webgpu/src/kernels/matmul.ts`. */
  module?: string;
}

/** Bundles what somebody writes for browsers, minified; what is imported on demand stays in files of its own. The first file is the page's script. */
export async function buildPage(code: string): Promise<PageFile[]> {
  const outdir = join(root, "page");
  // Without externals: what needs Node does not resolve, and a page would break on it.
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root, sourcefile: "page.ts", loader: "ts" },
    absWorkingDir: root,
    outdir,
    entryNames: "page",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["@multiway/source"],
    metafile: true,
    write: false,
    logLevel: "error",
  });
  const files = outputFiles.map(({ path, contents }): PageFile => {
    const { imports, entryPoint } = metafile.outputs[relative(root, path)]!;
    const filesOf = (wanted: string): string[] => imports.filter(({ kind }) => kind === wanted).map((one) => relative(outdir, join(root, one.path)));
    return {
      path: relative(outdir, path),
      contents,
      sizeBytes: gzipSync(contents, { level: 9 }).byteLength,
      imports: filesOf("import-statement"),
      asksFor: filesOf("dynamic-import"),
      ...(entryPoint !== undefined && entryPoint !== "page.ts" && { module: entryPoint }),
    };
  });
  return files.sort((a, b) => Number(b.path === "page.js") - Number(a.path === "page.js"));
}

/** The files that a page loads which asks on demand for `modules` and nothing else. */
export function loadedFiles(files: readonly PageFile[], modules: readonly string[]): PageFile[] {
  const loaded = new Set([files[0]!]);
  for (const module of modules) {
    const file = files.find((one) => one.module === module);
    if (!file) throw new Error(`no file of the page is loaded for ${module}; those on demand are ${files.flatMap((one) => one.module ?? []).join(", ")}.`);
    loaded.add(file);
  }
  for (const { imports } of loaded) for (const path of imports) loaded.add(files.find((one) => one.path === path)!);
  return [...loaded];
}

/** All files that a page could ever load: bundlers also write what only code that they left out asks for. */
export function reachableFiles(files: readonly PageFile[]): PageFile[] {
  const reached = new Set([files[0]!]);
  for (const { imports, asksFor } of reached) for (const path of [...imports, ...asksFor]) reached.add(files.find((one) => one.path === path)!);
  return [...reached];
}
