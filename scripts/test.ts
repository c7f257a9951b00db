/**
 * `pnpm test`: everything that must hold, cheapest first. A step that fails does not stop the next.
 *
 *     tsx scripts/test.ts [STEP…]
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = join(root, "node_modules/.cache/multiway-test");

interface Step {
  name: string;
  command: string[];
  /** What vitest counted, when the step is a run of vitest. */
  report?: string;
}

const bin = (name: string) => join(root, "node_modules/.bin", name);
const tsx = (script: string, ...args: string[]) => [bin("tsx"), join(root, "scripts", script), ...args];

function vitest(name: string, projects: string[]): Step {
  const report = join(reports, `${name}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return { name, command: tsx("vitest.ts", "run", ...projects.flatMap((project) => ["--project", project]), ...reporters), report };
}

const steps: Step[] = [
  { name: "types", command: [bin("tsc"), "-p", "tsconfig.json"] },
  { name: "lint", command: [bin("oxlint")] },
  { name: "floors", command: tsx("check-floors.ts") },
  { name: "size", command: tsx("size.ts") },
  vitest("tests", ["unit", "reference", "wasm", "webgpu"]),
  vitest("browser", ["browser"]),
  vitest("pages", ["page"]),
  { name: "build", command: [bin("turbo"), "build"] },
  { name: "packages", command: tsx("check-packages.ts") },
];

interface Outcome {
  name: string;
  hasPassed: boolean;
  seconds: number;
  passed: number;
  failed: number;
  skipped: number;
}

async function runStep({ name, command: [program, ...args], report }: Step): Promise<Outcome> {
  console.log(`\n── ${name} ${"─".repeat(Math.max(0, 76 - name.length))}`);
  if (report) rmSync(report, { force: true });
  const start = performance.now();
  const child = spawn(program!, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
    // A group of its own, so that whatever it started can be ended with it.
    detached: process.platform !== "win32",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
  });
  const end = (signal: NodeJS.Signals) => (process.platform === "win32" ? child.kill(signal) : process.kill(-child.pid!, signal));
  const interrupt = () => {
    end("SIGTERM");
    process.exit(130);
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  // A worker that blocks for ever cannot be timed out from inside.
  const timer = setTimeout(() => {
    console.error(`${name}: still running after ${limitSeconds} s; ended.`);
    end("SIGKILL");
  }, limitSeconds * 1000);
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve(exitCode ?? 1));
  });
  clearTimeout(timer);
  process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  const outcome = { name, hasPassed: code === 0, seconds: (performance.now() - start) / 1000 };
  if (!report || !existsSync(report)) return { ...outcome, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  const counts = JSON.parse(readFileSync(report, "utf8")) as { numPassedTests: number; numFailedTests: number; numPendingTests: number; numTodoTests: number };
  // A file that cannot even be read has no tests to fail.
  const failed = Math.max(counts.numFailedTests, code === 0 ? 0 : 1);
  return { ...outcome, passed: counts.numPassedTests, failed, skipped: counts.numPendingTests + counts.numTodoTests };
}

/** Several times what a step takes on two processors. */
const limitSeconds = 1200;

mkdirSync(reports, { recursive: true });
const wanted = process.argv.slice(2);
const outcomes: Outcome[] = [];
for (const step of steps) {
  if (wanted.length === 0 || wanted.includes(step.name)) outcomes.push(await runStep(step));
}

console.log(`\n── summary ${"─".repeat(69)}`);
for (const { name, hasPassed, seconds, passed, failed, skipped } of outcomes) {
  const counts = passed + failed + skipped === 1 ? "" : `  ${passed} passed${failed ? `, ${failed} failed` : ""}${skipped ? `, ${skipped} skipped` : ""}`;
  console.log(`${hasPassed ? "✓" : "✗"} ${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s${counts}`);
}
const sum = (field: "passed" | "failed" | "skipped") => outcomes.reduce((total, outcome) => total + outcome[field], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed${sum("skipped") ? `, ${sum("skipped")} skipped` : ""}`);
process.exitCode = outcomes.every(({ hasPassed }) => hasPassed) ? 0 : 1;
