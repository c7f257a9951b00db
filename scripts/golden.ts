/**
 * Runs golden cases: `pnpm golden`. Where they want WebGPU and the machine has no adapter, SwiftShader is put in reach first.
 *
 *     tsx --conditions=@multiway/source scripts/golden.ts ../fixtures --device webgpu
 *
 * The dynamic linker reads its variables when a process starts: hence a process of its own.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { swiftshaderEnvironment } from "@multiway/testing/software";
import { webgpu } from "@multiway/webgpu";

const args = process.argv.slice(2);
const wantsWebGPU = args.some((arg) => /^(--device=)?webgpu$|^--write$/.test(arg));
const software = wantsWebGPU && !(await hasAdapter()) ? await swiftshaderEnvironment() : {};
const main = fileURLToPath(new URL("../apps/golden/src/main.ts", import.meta.url));
const child = spawn(process.execPath, [...process.execArgv, main, ...args], { stdio: "inherit", env: { ...process.env, ...software } });
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal ? 1 : 0);
});

async function hasAdapter(): Promise<boolean> {
  const device = await webgpu({ allowSoftware: true }).open();
  if ("unavailable" in device) return false;
  await device.close();
  return true;
}
