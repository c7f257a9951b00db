import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveCheckpoint } from "@multiway/checkpoint";
import { CommanderError } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProgram } from "./commands/program.ts";
import { describeFailure } from "./errors/describe-failure.ts";
import { describeUsageError } from "./errors/describe-usage-error.ts";
import { nearest } from "./errors/nearest.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** The program as a user starts it. */
function multiway(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ["--conditions=@multiway/source", "--import", "tsx", join(import.meta.dirname, "main.ts"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (stdout += part.toString()));
  child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** What is said about arguments that are not understood. */
async function complaint(...args: string[]): Promise<string> {
  const program = createProgram(() => {});
  for (const command of [program, ...program.commands]) command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  const error = await program.parseAsync(args, { from: "user" }).then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof CommanderError)) throw new Error(`${args.join(" ")}: was understood`);
  return describeUsageError(error);
}

describe("arguments", () => {
  test.each([
    [["dmo"], "unknown command dmo. Did you mean demo?"],
    [[], "no command was given."],
    [["demo", "--stpes", "4"], "unknown option --stpes. Did you mean --steps?"],
    [["demo", "--device", "webgup"], '--device is "webgup"; expected auto, webgpu or wasm. Did you mean webgpu?'],
    [["demo", "--device", "tpu"], '--device is "tpu"; expected auto, webgpu or wasm.'],
    [["demo", "--steps", "many"], '--steps is "many"; expected a whole number from 1 on.'],
    [["demo", "--steps", "0"], '--steps is "0"; expected a whole number from 1 on.'],
    [["demo", "--steps"], "option --steps <number> argument missing."],
    [["demo", "--seed", "1.5"], '--seed is "1.5"; expected a whole number from 0 on.'],
    [["demo", "--seed", "-1"], '--seed is "-1"; expected a whole number from 0 on.'],
    [["demo", "--threads", "65"], '--threads is "65"; expected a whole number from 1 to 64.'],
    [["demo", "--out", "--resume"], '--out is "--resume"; expected the name of a folder.'],
    [["demo", "now"], "too many arguments for demo. Expected 0 arguments but got 1."],
    [["ask", "a.png", "why?"], "required option --model <place> not specified."],
    [["ask", "a.png", "--model", "m"], "missing required argument question."],
    [["caption", "a.png", "--model", "m", "--preset", "bas"], '--preset is "bas"; expected base, large or giant. Did you mean base?'],
    [["search", "photos", "dog", "--model", "m", "--top", "0"], '--top is "0"; expected a whole number from 1 to 1000000.'],
    [["serach", "photos"], "unknown command serach. Did you mean search?"],
    [["finetune", "poetry", "--data", "x"], 'task is "poetry"; expected classification, retrieval, captioning, vqa or reasoning.'],
    [["finetune", "vqa"], "required option --data <folder> not specified."],
    [["finetune", "vqa", "--data", "x", "--learning-rate", "-1"], '--learning-rate is "-1"; expected a number above 0.'],
    [["finetune", "vqa", "--data", "x", "--layer-decay", "1.5"], '--layer-decay is "1.5"; expected a number above 0, up to 1.'],
    [["finetune", "vqa", "--data", "x", "--head-scale", "0"], '--head-scale is "0"; expected a number above 0.'],
    [["finetune", "vqa", "--data", "x", "--ema", "1"], '--ema is "1"; expected a number from 0, below 1.'],
    [["evaluate", "vqa", "--data", "x"], "required option --model <folder> not specified."],
    [["inspect"], "missing required argument file."],
    [["convert", "a.pth"], "missing required argument out."],
    [["convert", "a.pth", "b", "--dtype", "fp16"], '--dtype is "fp16"; expected f32, f16 or bf16. Did you mean f16?'],
    [["convert", "a.pth", "b", "--names", "tim"], '--names is "tim"; expected official or timm. Did you mean timm?'],
    [["convert", "a.pth", "b", "--max-shard-mb", "0"], '--max-shard-mb is "0"; expected a whole number from 1 to 1000000.'],
  ])("%j", async (args, expected) => {
    expect(await complaint(...args)).toBe(`${expected} Run it with --help to see what there is.`);
  });

  test("the nearest name is suggested when it is near", () => {
    expect(nearest("WASN", ["auto", "webgpu", "wasm"])).toBe("wasm");
    expect(nearest("gpu", ["auto", "wasm"])).toBeUndefined();
  });
});

test("an unforeseen error asks for a report, with a stack only when wanted", () => {
  expect(describeFailure(new TypeError("x is not a function"))).toBe("something unforeseen: x is not a function. This is a fault of ours: run it again with --debug, and report what it prints.");
  expect(describeFailure(new TypeError("x is not a function"), { isDebugging: true })).toContain("run-cli.test.ts");
  expect(describeFailure("plain")).toContain("something unforeseen: plain.");
});

describe("the program", () => {
  test("mistyped: exit code 2, one message", async () => {
    expect(await multiway("demo", "--device", "cpu")).toEqual({ code: 2, stdout: "", stderr: 'multiway: --device is "cpu"; expected auto, webgpu or wasm. Run it with --help to see what there is.\n' });
  }, 20_000);

  test("a missing data folder: exit code 1, the file and the remedy, no stack, no report", async () => {
    const { code, stderr } = await multiway("demo", "--device", "wasm", "--threads", "1", "--data", join(folder, "none"), "--out", join(folder, "out"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/\nmultiway: readEmoji: .*none: the folder cannot be read\. Restore the folder .*\n$/);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(await readdir(join(folder, "out"))).toEqual(["log.jsonl"]);
  }, 30_000);

  test("inspect lists a checkpoint", async () => {
    const file = join(folder, "model.safetensors");
    await saveCheckpoint(file, { "encoder.layers.0.weight": { type: "F32", shape: [2, 3], data: new Float32Array(6) } }, { note: "made\u001b[31m by hand", long: "x".repeat(5000) });
    const { code, stdout } = await multiway("inspect", file);
    expect(code).toBe(0);
    expect(stdout).toContain("F32[2, 3]");
    expect(stdout).toContain("note = made\\u001b[31m by hand");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThan(300);
  }, 20_000);

  test("convert writes what inspect then lists", async () => {
    const [given, made] = [join(folder, "given.safetensors"), join(folder, "made.pth")];
    await saveCheckpoint(given, { "a.weight": { shape: [2], data: Float32Array.of(1, 3) } });
    expect(await multiway("convert", given, made, "--dtype", "bf16")).toEqual({ code: 0, stdout: `${made}: 1 tensor, made of the 1 of ${given}\n`, stderr: "" });
    const { stdout } = await multiway("inspect", made, "--statistics", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ format: "pytorch", types: { BF16: 2 }, root: { children: [{ name: "model" }] } });
  }, 30_000);

  test("inspect of a file that is cut short: exit code 1", async () => {
    const file = join(folder, "cut.safetensors");
    await writeFile(file, new Uint8Array([200, 0, 0, 0, 0, 0, 0, 0, 123]));
    const { code, stdout, stderr } = await multiway("inspect", file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^multiway: describeCheckpoint: .*cut\.safetensors.*\n$/);
  }, 20_000);
});
