import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readLog } from "../progress/log.ts";
import type { DemoResult } from "./result.ts";
import { smallSet } from "./small-set.samples.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-resume-"));
  await smallSet(folder, 40);
});
afterAll(() => rm(folder, { recursive: true }));

/** The demo as a user starts it; Ctrl-C once the log holds steps of `stopIn`. */
async function demo(out: string, { threads, resume = false, stopIn }: { threads: number; resume?: boolean; stopIn?: string }): Promise<{ code: number | null; said: string }> {
  const args = ["demo", "--device", "wasm", "--threads", String(threads), "--steps", "90", "--batch", "4", "--seed", "3", "--compare", "--data", folder, "--out", out, ...(resume ? ["--resume"] : [])];
  const child = spawn(process.execPath, ["--conditions=@multiway/source", "--import", "tsx", join(import.meta.dirname, "../main.ts"), ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += part.toString()));
  const ended = new Promise<{ code: number | null; said: string }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, said }));
  });
  const watch = async (): Promise<void> => {
    while (child.exitCode === null) {
      const records = await readLog(join(out, "log.jsonl"));
      if (records.some(({ stage }) => stage === stopIn)) {
        child.kill("SIGINT");
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  if (stopIn) await watch();
  return await ended;
}

/** What a run found out, less the times. */
async function outcome(out: string) {
  const { seconds: _seconds, deviceDescription: _description, ...result } = JSON.parse(await readFile(join(out, "result.json"), "utf8")) as DemoResult;
  const log = (await readLog(join(out, "log.jsonl"))).map(({ seconds: _, ...record }) => record);
  return { result, log, model: await readFile(join(out, "model.safetensors")) };
}

test("stopped by Ctrl-C in every stage and resumed, on two threads, the demo ends with the figures and weights of an undisturbed run on one", { timeout: 240_000 }, async () => {
  const [whole, stopped] = [join(folder, "whole"), join(folder, "stopped")];
  expect(await demo(whole, { threads: 1 })).toMatchObject({ code: 0 });
  expect(await demo(stopped, { threads: 2, stopIn: "pretraining" })).toMatchObject({ code: 130, said: expect.stringContaining("--resume goes on from here") });
  expect(await demo(stopped, { threads: 2, resume: true, stopIn: "retrieval" })).toMatchObject({ code: 130, said: expect.stringContaining("--resume goes on from here") });
  expect(await demo(stopped, { threads: 2, resume: true, stopIn: "fromScratch" })).toMatchObject({ code: 130, said: expect.stringContaining("--resume goes on from here") });
  expect(await demo(stopped, { threads: 2, resume: true })).toMatchObject({ code: 0 });
  const [expected, found] = [await outcome(whole), await outcome(stopped)];
  expect(found.result).toEqual(expected.result);
  expect(found.log).toEqual(expected.log);
  expect(found.model.equals(expected.model)).toBe(true);
  expect(expected.result.fromScratch).toBeDefined();
});
