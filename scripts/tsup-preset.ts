import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { defineConfig } from "tsup";

/** A value of `exports` or `imports`: a path, or conditions that lead to one. */
type Target = string | { [condition: string]: Target };

interface Manifest {
  name: string;
  exports?: Record<string, Target>;
  imports?: Record<string, Target>;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/**
 * How every package is built: each file that its package.json names under `@multiway/source` becomes one ES module with
 * declarations and a source map in `dist`; what it depends on stays outside.
 */
export function library() {
  const folder = process.cwd();
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  return defineConfig({
    entry: entryPoints(manifest),
    format: "esm",
    target: "es2022",
    platform: "neutral",
    dts: { compilerOptions: { baseUrl: folder, paths: builtDeclarations(folder, manifest) } },
    sourcemap: true,
    clean: true,
    splitting: true,
    // What package.json maps by condition, `#codec`, is chosen where it runs, not here.
    external: [/^#/, /^node:/, ...Object.keys(manifest.optionalDependencies ?? {})],
  });
}

/**
 * Where the declarations of its dependencies lie, as TypeScript's `paths`.
 *
 * They are built before, so the compiler reads one file of declarations for each instead of checking all their sources again.
 */
function builtDeclarations(folder: string, manifest: Manifest): Record<string, string[]> {
  const paths: Record<string, string[]> = {};
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    if (!range.startsWith("workspace:")) continue;
    const dependency = join(folder, "node_modules", name);
    const { exports = {} } = JSON.parse(readFileSync(join(dependency, "package.json"), "utf8")) as Manifest;
    for (const [entry, target] of Object.entries(exports)) {
      if (typeof target !== "string" && typeof target["types"] === "string") paths[name + entry.slice(1)] = [join(dependency, target["types"])];
    }
  }
  return paths;
}

/** Source files by the name that they have in `dist`: `{ index: "./src/index.ts" }`. */
export function entryPoints(manifest: Manifest): Record<string, string> {
  const targets = Object.values({ ...manifest.exports, ...manifest.imports }).flatMap((target) => leaves(target, false));
  const sources = targets.filter(({ isSource }) => isSource).map(({ path }) => path);
  const entries: Record<string, string> = {};
  for (const { path } of targets.filter(({ path, isSource }) => !isSource && /^\.\/dist\/.*\.js$/.test(path))) {
    const name = path.slice("./dist/".length, -".js".length);
    const source = sources.find((one) => one === `./src/${name}.ts`) ?? sources.find((one) => basename(one, ".ts") === basename(name));
    if (!source) throw new Error(`${manifest.name}: package.json names ${path}, but no file under "@multiway/source" is called ${basename(name)}.ts.`);
    entries[name] = source;
  }
  return entries;
}

function leaves(target: Target, isSource: boolean): { path: string; isSource: boolean }[] {
  if (typeof target === "string") return [{ path: target, isSource }];
  return Object.entries(target).flatMap(([condition, inner]) => leaves(inner, isSource || condition === "@multiway/source"));
}
