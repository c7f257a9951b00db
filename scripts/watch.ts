/**
 * Runs a program from source with its devices watched.
 *
 *     pnpm run profile app.ts [ARGUMENT…]     time by kernel, when it ends
 *     pnpm graph app.ts [ARGUMENT…]       each program as a Mermaid flow chart
 *     pnpm check-finite app.ts …          stops at the first NaN
 *     pnpm validate app.ts …              holds each kernel against the reference
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const switches: Readonly<Record<string, Record<string, string>>> = {
  profile: { MULTIWAY_PROFILE: "1" },
  graph: { MULTIWAY_DEBUG: "3" },
  "check-finite": { MULTIWAY_CHECK_FINITE: "1" },
  validate: { MULTIWAY_VALIDATE: "1" },
};

const [, , tool = "", app, ...rest] = process.argv;
const environment = switches[tool];
if (!environment || app === undefined) {
  console.error(`usage: pnpm ${environment ? tool : Object.keys(switches).join("|")} APP.ts [ARGUMENT…]`);
  process.exit(2);
}
const register = new URL("../packages/debug/src/register.ts", import.meta.url).href;
const child = spawn(process.execPath, ["--conditions=@multiway/source", "--import", "tsx", "--import", register, app, ...rest], {
  // Where pnpm was called, not where it found package.json.
  cwd: process.env["INIT_CWD"] ?? fileURLToPath(new URL("..", import.meta.url)),
  env: { ...process.env, ...environment },
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => (process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1)));
