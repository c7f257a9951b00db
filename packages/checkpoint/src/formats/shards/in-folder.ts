import { filesIn } from "#files";
import { failure, type Place } from "../../failure.ts";

/** The checkpoint that a folder holds: its one index of shards, or else a file under a usual name. What is no folder stays as it is. */
export async function checkpointIn(source: URL | string, place: Place): Promise<URL | string> {
  const names = await filesIn(source);
  if (!names) return source;
  const indices = names.filter((name) => /\.(safetensors|bin)\.index\.json$/.test(name));
  const usual = ["model.safetensors.index.json", "model.safetensors", "pytorch_model.bin.index.json", "pytorch_model.bin"].find((name) => names.includes(name));
  const name = usual ?? (indices.length === 1 ? indices[0] : undefined);
  if (name === undefined) throw failure(place, `the folder holds ${indices.length === 0 ? "no index of shards and no model.safetensors" : `${indices.length} indices of shards`}`, "Name a file in it.");
  return beside(source instanceof URL || source.startsWith("file:") ? new URL(`${String(source).replace(/\/?$/, "/")}index`) : `${source.replace(/[/\\]$/, "")}/index`, name);
}

/** A file in the folder of another. */
export function beside(file: URL | string, name: string): URL | string {
  if (file instanceof URL) return withName(file, name);
  if (/^(https?|file):/i.test(file)) return withName(new URL(file), name).href;
  return file.slice(0, Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1) + name;
}

/** What follows `?` stays: it may be what opens the door. */
function withName(file: URL, name: string): URL {
  const result = new URL(file);
  result.pathname = file.pathname.slice(0, file.pathname.lastIndexOf("/") + 1) + encodeURIComponent(name);
  return result;
}
