import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "./folders.ts";
import { pytorchAbsence, pytorchDevices } from "./targets/pytorch.ts";
import type { Target } from "./targets/target.ts";

const folderOf = (peer: string): string => join(benchFolder, "peers", peer);

/** Whether the versions are there that its package.json names. */
export function isInstalled(peer: string): boolean {
  const { dependencies } = readJson(join(folderOf(peer), "package.json")) as { dependencies: Record<string, string> };
  return Object.entries(dependencies).every(([name, version]) => {
    const manifest = join(folderOf(peer), "node_modules", name, "package.json");
    return existsSync(manifest) && (readJson(manifest) as { version: string }).version === version;
  });
}
const readJson = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

/** Installs what is not installed, each in its own folder. */
export async function installPeers(targets: readonly Target[]): Promise<void> {
  for (const peer of new Set(targets.flatMap((target) => target.peer ?? []))) await installPeer(peer);
}

/** Installs one, unless it is there. */
export async function installPeer(peer: string): Promise<void> {
  if (isInstalled(peer)) return;
  console.error(`installing ${peer}`);
  await npmInstall(folderOf(peer));
}

/** Install scripts stay off: the one of `onnxruntime-node` would fetch CUDA libraries, and no other has any. */
function npmInstall(cwd: string): Promise<void> {
  const child = spawn("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"], { cwd, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`npm install ended with ${code} in ${cwd}`))));
  });
}

/** Why a target is left out of this run, known without starting it. */
export function absence(target: Target): string | undefined {
  if (target.peer !== undefined && !isInstalled(target.peer)) return "not installed; pnpm bench --peers installs it";
  const device = pytorchDevices[target.name];
  return device && pytorchAbsence(device);
}
