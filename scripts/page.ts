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

/** One for each device. A page that is cross-origin isolated, as that of the test, has the calling thread run what is small. */
export const productPages: Readonly<Record<"webgpu" | "wasm", ProductPage>> = {
  webgpu: productPage("webgpu", "webgpu({ allowSoftware: true })", ["webgpu/src/kernels/matmul.ts"]),
  wasm: productPage("wasm", "wasm()", ["wasm/src/kernels/matmul.ts", "wasm/src/device/small-programs.ts"]),
};

function productPage(name: string, device: string, loads: readonly string[]): ProductPage {
  return {
    code: `import { openDevice } from "@multiway/tensor"; import { ${name} } from "@multiway/${name}"; const x = (await openDevice(${device})).ones([64, 64]); export const product = await x.matmul(x).data();`,
    loads: loads.map((path) => `packages/${path}`),
  };
}

/** A file of a page. */
export interface PageFile {
  path: string;
  contents: Uint8Array;
  /** After gzip. */
  sizeBytes: number;
  /** What it cannot start without. */
  imports: readonly string[];
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
    return {
      path: relative(outdir, path),
      contents,
      sizeBytes: gzipSync(contents, { level: 9 }).byteLength,
      imports: imports.filter(({ kind }) => kind === "import-statement").map((one) => relative(outdir, join(root, one.path))),
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
