/**
 * Packs every package and tries each alone, as somebody who installs it would: into an empty folder with what it depends on,
 * every entry imported in Node, with and without the source condition, and type-checked in the strictest way. Then the program of
 * docs/guides/custom-head.md and the pages of docs/guides/browser.md, on the packages that they name.
 *
 *     tsx scripts/check-packages.ts [NAME… | custom-head | browser]       after `pnpm build`
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import ts from "typescript";
import { filesOfGuide, openGuidePages } from "./browser-guide.ts";
import { outward } from "./floors/table.ts";
import { readGuide, runGuide } from "./packed-guide.ts";
import { inParallel, run } from "./process.ts";
import { workspaceMembers, type Member } from "./workspace.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = workspaceMembers(root).filter(({ manifest }) => !manifest.private);

/** A packed package. */
interface Packed extends Member {
  tarball: string;
  sizeBytes: number;
}

async function pack(member: Member, folder: string): Promise<Packed> {
  if (!existsSync(join(root, member.folder, "dist"))) throw new Error(`${member.folder}/dist is missing. Run \`pnpm build\` first.`);
  const output = await run("pnpm", ["pack", "--json", "--pack-destination", folder], { cwd: join(root, member.folder) });
  const { filename } = JSON.parse(output.slice(output.indexOf("{"))) as { filename: string };
  const tarball = filename.startsWith("/") ? filename : join(folder, filename);
  return { ...member, tarball, sizeBytes: (await readFile(tarball)).byteLength };
}

async function checkPublint({ tarball }: Packed): Promise<void> {
  const bytes = await readFile(tarball);
  const { messages, pkg } = await publint({
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer },
    strict: true,
  });
  // It asks to test whether an optional peer is there; ours are loaded on demand.
  const wrong = messages.filter(({ type }) => type !== "suggestion");
  if (wrong.length > 0) throw new Error(`publint: ${wrong.map((message) => formatMessage(message, pkg)).join("\n")}`);
}

/** The packages of the workspace that it cannot run without, itself first. */
function withDependencies(one: Packed, all: ReadonlyMap<string, Packed>): Packed[] {
  const found = new Set([one]);
  for (const each of found) {
    for (const name of Object.keys(each.manifest.dependencies ?? {})) {
      const dependency = all.get(name);
      if (dependency) found.add(dependency);
    }
  }
  return [...found];
}

function entries({ manifest }: Packed): string[] {
  return Object.keys(manifest.exports ?? {})
    .filter((entry) => entry !== "./package.json")
    .map((entry) => manifest.name + entry.slice(1));
}

async function install(some: readonly Packed[], all: ReadonlyMap<string, Packed>, folder: string): Promise<void> {
  await mkdir(folder);
  const dependencies = Object.fromEntries(some.flatMap((one) => withDependencies(one, all)).map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module", dependencies }));
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"], { cwd: folder });
}

/** What an installed package is asked to do: what it loads on demand must be in it. */
const uses: Readonly<Record<string, string>> = {
  wasm: `
const { openDevice } = await import("@multiway/tensor");
const { wasm } = await import("@multiway/wasm");
const x = (await openDevice(wasm())).ones([64, 64]);
const [element] = await x.matmul(x).add(1).softmax(0).sum().data();
if (Math.abs(element - 64) > 1e-3) throw new Error("the sum is " + element + ", not 64");`,
};

async function importAll(one: Packed, folder: string): Promise<void> {
  const file = join(folder, "import.js");
  const lines = entries(one).map((entry) => `await import(${JSON.stringify(entry)});\nimport.meta.resolve(${JSON.stringify(entry)});`);
  await writeFile(file, `${lines.join("\n")}${uses[one.shortName] ?? ""}\nprocess.exit(0);\n`);
  await run(process.execPath, [file], { cwd: folder });
  // Sources ship too, so somebody who sets our condition runs from them.
  await run(process.execPath, ["--import", import.meta.resolve("tsx"), "--conditions=@multiway/source", file], { cwd: folder });
}

/** Somebody's own head, written by the guide. */
async function checkGuide(folder: string): Promise<void> {
  const guide = await readGuide(join(root, "docs/guides/custom-head.md"));
  if (guide.lines >= 60) throw new Error(`the program has ${guide.lines} lines; expected fewer than 60.`);
  await install(guide.packages.map((name) => packed.get(name)!), packed, folder);
  await runGuide(guide, folder, join(root, "docs/guides/custom-head"), [join(root, "node_modules/@types/node"), join(root, "node_modules/@webgpu/types")]);
  console.log(`  ✓ docs/guides/custom-head.md  ${guide.lines} lines, trained, saved and evaluated on ${guide.packages.length} packed packages`);
}

/** Pages of somebody's own, with a bundler and without, with threads and without. */
async function checkPages(folder: string): Promise<void> {
  await install(["beit3", "tensor", "wasm", "webgpu"].map((name) => packed.get(`@multiway/${name}`)!), packed, folder);
  const found = await openGuidePages(await filesOfGuide(join(root, "docs/guides/browser.md")), folder, join(root, "apps/playground/public/samples/sailboat.png"));
  const threads = Math.min(8, availableParallelism());
  for (const { page, isIsolated, shows } of found) {
    const expected = isIsolated && threads > 1 ? new RegExp(`^sailboat, with .* ${threads} threads$`) : /^sailboat, with .* 1 thread$/;
    if (!expected.test(shows)) throw new Error(`the page ${page}, ${isIsolated ? "isolated" : "not isolated"}, shows ${JSON.stringify(shows)}; expected ${expected}.`);
  }
  console.log(`  ✓ docs/guides/browser.md  ${found.length} pages: ${found.map(({ page, isIsolated, shows }) => `${page}${isIsolated ? " isolated" : ""}: ${shows}`).join("; ")}`);
}

/** What Node and browsers both have, and the language does not. */
const everywhere = "\ndeclare global { interface AbortSignal { readonly aborted: boolean } }\n";

/** As strict as TypeScript gets, with nothing of the platform in sight unless the package is made for it. */
function checkTypes(one: Packed, folder: string): void {
  const file = join(folder, "types.ts");
  const outside = withDependencies(one, packed).some(({ shortName }) => outward.includes(shortName));
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts", ...(outside ? ["lib.dom.d.ts"] : [])],
    types: outside ? [join(root, "node_modules/@types/node"), join(root, "node_modules/@webgpu/types")] : [],
  };
  const text = entries(one).map((entry, i) => `import * as entry${i} from ${JSON.stringify(entry)};\nexport const names${i}: string[] = Object.keys(entry${i});`).join("\n");
  ts.sys.writeFile(file, text + (outside ? "" : everywhere));
  const host = ts.createCompilerHost(options);
  host.getCurrentDirectory = () => folder;
  const read = host.getSourceFile;
  // The library's declarations are parsed once for all packages.
  host.getSourceFile = (name, languageVersion, ...rest) => {
    if (!name.includes("/node_modules/typescript/")) return read.call(host, name, languageVersion, ...rest);
    if (!libraries.has(name)) libraries.set(name, read.call(host, name, languageVersion, ...rest));
    return libraries.get(name);
  };
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
  if (diagnostics.length > 0) throw new Error(`types: ${ts.formatDiagnostics(diagnostics, host)}`);
}

const libraries = new Map<string, ts.SourceFile | undefined>();
const packed = new Map<string, Packed>();
const wanted = process.argv.slice(2);
const temporary = await mkdtemp(join(tmpdir(), "multiway-packages-"));
const failures: string[] = [];
try {
  await inParallel(availableParallelism(), packages, async (member) => {
    packed.set(member.manifest.name, await pack(member, temporary));
  });
  const chosen = [...packed.values()].filter(({ shortName }) => wanted.length === 0 || wanted.includes(shortName)).sort((a, b) => a.shortName.localeCompare(b.shortName));
  await inParallel(availableParallelism(), chosen, async (one) => {
    const folder = join(temporary, one.shortName);
    try {
      await checkPublint(one);
      await install([one], packed, folder);
      await importAll(one, folder);
      checkTypes(one, folder);
      console.log(`  ✓ ${one.manifest.name}  ${(one.sizeBytes / 1024).toFixed(0)} KiB packed, entries: ${entries(one).length}`);
    } catch (error) {
      failures.push(one.manifest.name);
      console.log(`  ✗ ${one.manifest.name}\n${error instanceof Error ? error.message : String(error)}`);
    }
    await rm(folder, { recursive: true, force: true });
  });
  for (const [name, check] of [["custom-head", checkGuide], ["browser", checkPages]] as const) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    await check(join(temporary, name)).catch((error: unknown) => {
      failures.push(`docs/guides/${name}.md`);
      console.log(`  ✗ docs/guides/${name}.md\n${error instanceof Error ? error.message : String(error)}`);
    });
  }
  console.log(failures.length === 0 ? `packages: ${chosen.length} packed, installed alone, imported and type-checked` : `packages: ${failures.length} failed: ${failures.join(", ")}`);
} finally {
  await rm(temporary, { recursive: true, force: true });
}
process.exitCode = failures.length === 0 ? 0 : 1;
