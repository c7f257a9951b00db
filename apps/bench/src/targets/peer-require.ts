import { createRequire } from "node:module";
import { join } from "node:path";
import { benchFolder } from "../folders.ts";

/** `require` as it works in the folder of a peer, which is no part of the workspace. */
export const peerRequire = (peer: string): NodeJS.Require => createRequire(join(benchFolder, "peers", peer, "package.json"));

export const versionOf = (require: NodeJS.Require, name: string): string => {
  const path = require.resolve.paths(name)![0]!;
  return (require(join(path, name, "package.json")) as { version: string }).version;
};
