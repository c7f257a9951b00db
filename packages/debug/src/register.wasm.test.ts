import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const here = (file: string): string => new URL(file, import.meta.url).href;

/** An app in a Node of its own, with its devices watched as the environment says. */
async function runApp(environment: Record<string, string>, body: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const app = `import { openDevice, compile } from "@multiway/tensor"; import { wasm } from "@multiway/wasm";\n(async () => { const device = await openDevice(wasm({ threads: 1 })); ${body} await device.close(); })();`;
  const child = spawn(process.execPath, ["--conditions=@multiway/source", "--import", "tsx", "--import", here("register.ts"), "--input-type=module", "-e", app], {
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    env: { ...process.env, ...environment },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

const product = `const x = device.tensor([[1, 2], [3, 4]]); const f = compile((x) => x.matmul(x).log(), { name: "app" }); console.log((await f(x).data()).length);`;

describe.concurrent("node --import @multiway/debug/register", { timeout: 30_000 }, () => {
  test("without switches, says nothing and changes nothing", async () => {
    expect(await runApp({}, product)).toEqual({ code: 0, stdout: "4\n", stderr: "" });
  });

  test("MULTIWAY_DEBUG=1 names the device", async () => {
    const { stdout, stderr } = await runApp({ MULTIWAY_DEBUG: "1" }, product);
    expect(stdout).toBe("4\n");
    expect(stderr).toMatch(/^multiway: wasm: CPU: .*1 thread\n$/);
  });

  test("MULTIWAY_DEBUG=3 names kernels and draws programs", async () => {
    const { stderr } = await runApp({ MULTIWAY_DEBUG: "3" }, product);
    expect(stderr).toMatch(/multiway: matmul\S* \[2, 2\] f32 of \[2, 2\] \[2, 2\]: \d+\.\d+ ms, \d+\.\d GB\/s, \d+\.\d GFLOP\/s\n/);
    expect(stderr).toMatch(/multiway: program "app"\nflowchart TD\n/);
  });

  test("MULTIWAY_DEBUG=4 says how kernels are built", async () => {
    const { stderr } = await runApp({ MULTIWAY_DEBUG: "4" }, product);
    expect(stderr).toMatch(/multiway: matmul\S* \[2, 2\] f32: matmul\w+(, after .* refused)?\na WebAssembly module of \d+ bytes\n/);
  });

  test("MULTIWAY_DEBUG=5 is refused", async () => {
    const { code, stderr } = await runApp({ MULTIWAY_DEBUG: "5" }, product);
    expect(code).not.toBe(0);
    expect(stderr).toContain('MULTIWAY_DEBUG is "5"; accepted are 0 (nothing), 1 (devices), 2 (and kernels), 3 (and programs) and 4 (and code).');
  });

  test("MULTIWAY_PROFILE=1 ends with a table", async () => {
    const { stdout, stderr } = await runApp({ MULTIWAY_PROFILE: "1" }, product);
    expect(stdout).toBe("4\n");
    expect(stderr).toMatch(/\ntotal ms +share +calls +mean ms +GB\/s +GFLOP\/s +kernel\n/);
  });

  test("MULTIWAY_VALIDATE=1 with MULTIWAY_CHECK_FINITE=1: right kernels pass, a NaN does not", async () => {
    const both = { MULTIWAY_VALIDATE: "1", MULTIWAY_CHECK_FINITE: "1" };
    expect(await runApp(both, product)).toMatchObject({ code: 0, stdout: "4\n" });
    const { code, stderr } = await runApp(both, `await device.tensor([-1]).log().data();`);
    expect(code).not.toBe(0);
    expect(stderr).toContain("checkFinite: log [1] f32, step 0");
  });
});
