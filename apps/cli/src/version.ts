import { readFileSync } from "node:fs";

/** The version of the program, from its package.json; as far from here as from the built file. */
export function version(): string {
  return (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version;
}
