import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A value of `exports` or `imports`: a path, or conditions that lead to one. */
export type Target = string | null | { [condition: string]: Target };

/** What our scripts read of a package.json. */
export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  exports?: Record<string, Target>;
  imports?: Record<string, Target>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  [field: string]: unknown;
}

/** A package or app of the workspace. */
export interface Member {
  /** The name without our scope: `tensor`. */
  shortName: string;
  kind: "package" | "app";
  /** From the root: `packages/tensor`. */
  folder: string;
  manifest: Manifest;
}

/** All packages and apps under `root`, by name. */
export function workspaceMembers(root: string): Member[] {
  const kinds = [["packages", "package"], ["apps", "app"]] as const;
  return kinds.flatMap(([parent, kind]) => {
    if (!existsSync(join(root, parent))) return [];
    return readdirSync(join(root, parent))
      .sort()
      .filter((name) => existsSync(join(root, parent, name, "package.json")))
      .map((name) => ({
        shortName: name,
        kind,
        folder: `${parent}/${name}`,
        manifest: JSON.parse(readFileSync(join(root, parent, name, "package.json"), "utf8")) as Manifest,
      }));
  });
}

/** Every file under `folder` whose name ends in one of `endings`, without what is built or installed. */
export function filesUnder(folder: string, endings: readonly string[]): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ["node_modules", "dist", ".turbo", "out"].includes(entry.name) ? [] : filesUnder(path, endings);
    return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
  });
}

/** What a package cannot run without; `optional` and peers included. */
export function runtimeDependencies(manifest: Manifest): Record<string, string> {
  return { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
}
