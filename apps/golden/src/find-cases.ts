import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { DataError, OptionError } from "@multiway/errors";

/** A manifest and the folder that its files lie in. */
export interface GoldenCase {
  /** Its place under where the search began, without ending: `components/attention`. */
  name: string;
  kind: string;
  manifest: Record<string, unknown>;
  /** Bytes of a file beside the manifest, unpacked. */
  readFile(name: string): Promise<Uint8Array>;
}

/** A JSON file that cannot be read as one. */
export interface BrokenCase {
  name: string;
  problem: string;
}

/**
 * Every manifest in a folder and those under it: each JSON file, packed with gzip or not, that has a `kind`. A path to a manifest finds that one.
 *
 * @param from  where names begin. Default: the folder itself
 * @throws OptionError when there is no such folder
 */
export function findCases(folder: string, from = folder): (GoldenCase | BrokenCase)[] {
  if (!existsSync(folder)) throw new OptionError(`golden: there is no folder ${JSON.stringify(folder)}; expected one with golden cases, each a JSON manifest and its files. Check the path.`);
  if (statSync(folder).isFile()) return readCase(folder, basename(folder));
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "node_modules" ? [] : findCases(path, from);
      return /\.json(\.gz)?$/.test(entry.name) ? readCase(path, relative(from, path)) : [];
    });
}

/** What the packages of this repository have in their `fixtures`. */
export function ownCases(): (GoldenCase | BrokenCase)[] {
  const packages = fileURLToPath(new URL("../../../packages", import.meta.url));
  return readdirSync(packages).flatMap((name) => {
    const fixtures = join(packages, name, "fixtures");
    return existsSync(fixtures) ? findCases(fixtures, packages) : [];
  });
}

function readCase(path: string, place: string): (GoldenCase | BrokenCase)[] {
  const name = place.replace(/\.json(\.gz)?$/, "").replaceAll("\\", "/");
  let manifest: unknown;
  try {
    manifest = JSON.parse(new TextDecoder().decode(unpacked(path)));
  } catch (error) {
    return [{ name, problem: `the manifest cannot be read: ${(error as Error).message}` }];
  }
  const kind = typeof manifest === "object" && manifest !== null ? (manifest as { kind?: unknown }).kind : undefined;
  // JSON without a kind is some other list.
  if (typeof kind !== "string") return [];
  const readFile = async (file: string) => {
    const beside = join(dirname(path), file);
    const found = [beside, `${beside}.gz`].find((candidate) => existsSync(candidate));
    if (!found) throw new DataError(`golden: ${JSON.stringify(beside)} is missing beside its manifest. Get a whole copy of the case.`, { details: { path: beside } });
    return unpacked(found);
  };
  return [{ name, kind, manifest: manifest as Record<string, unknown>, readFile }];
}

function unpacked(path: string): Uint8Array {
  const bytes = readFileSync(path);
  return new Uint8Array(path.endsWith(".gz") ? gunzipSync(bytes) : bytes);
}
