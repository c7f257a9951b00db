/**
 * Runs vitest with SwiftShader in reach, so that tests named `*.webgpu.test.ts` find an adapter on a machine without a GPU.
 *
 *     tsx scripts/vitest.ts run --project webgpu packages/webgpu
 *
 * The dynamic linker reads its variables when a process starts: hence a process around vitest, and no setup file.
 * With `MULTIWAY_TEST_ADAPTER=hardware` the machine's own GPU is tested instead.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { swiftshaderEnvironment } from "@multiway/testing/software";

const software = process.env["MULTIWAY_TEST_ADAPTER"] === "hardware" ? {} : await swiftshaderEnvironment();
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const child = spawn(process.execPath, [vitest, ...process.argv.slice(2)], { stdio: "inherit", env: { ...process.env, ...software } });
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal ? 1 : 0);
});
