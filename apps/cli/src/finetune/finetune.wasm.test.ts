import { spawn } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCheckpoint, saveCheckpoint } from "@multiway/checkpoint";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLog } from "../progress/log.ts";
import { exampleData, multiway, smallest } from "./finetune.samples.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-finetune-"));
});
afterAll(() => rm(folder, { recursive: true }));

const onCpu = ["--device", "wasm", "--threads", "1"];
const start = (task: string, out: string, ...flags: string[]) => ["finetune", task, "--data", exampleData, ...smallest, ...onCpu, "--out", join(folder, out), ...flags];
const json = async (path: string) => JSON.parse(await readFile(join(folder, path), "utf8")) as Record<string, unknown>;

/** A run as a user starts it, in a process of its own; with Ctrl-C once it has done some steps. */
async function inProcess(out: string, args: string[], steps = Infinity): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ["--conditions=@multiway/source", "--import", "tsx", join(import.meta.dirname, "../main.ts"), ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += part.toString()));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  while (child.exitCode === null) {
    const records = await readLog(join(folder, out, "log.jsonl"));
    if (records.some(({ step }) => step >= steps)) {
      child.kill("SIGINT");
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { code: await ended, said };
}

/** What a run came to, less the times. */
async function outcome(out: string) {
  const { seconds: _, ...result } = await json(`${out}/result.json`);
  const log = (await readLog(join(folder, out, "log.jsonl"))).map(({ seconds: __, ...record }) => record);
  return { result, log, weights: await readFile(join(folder, out, "model/model.safetensors")), state: (await readFile(join(folder, out, "run.safetensors"))).subarray(-40_000) };
}

test("stopped by Ctrl-C and resumed, a run ends with the figures, weights and state of an undisturbed one", { timeout: 180_000 }, async () => {
  const flags = ["--steps", "60", "--eval-every", "20", "--accumulate", "2", "--ema", "0.9", "--batch", "4", "--seed", "3"];
  expect(await inProcess("whole", start("classification", "whole", ...flags))).toMatchObject({ code: 0 });
  expect(await inProcess("stopped", start("classification", "stopped", ...flags), 24)).toMatchObject({ code: 130, said: expect.stringContaining("--resume goes on from here") });
  const other = await multiway(...start("classification", "stopped", ...flags, "--resume", "--seed", "4"));
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining("--resume: the saved run has seed 3, this one 4; expected the data and options that the run began with.") });
  expect(await inProcess("stopped", start("classification", "stopped", ...flags, "--resume"))).toMatchObject({ code: 0 });
  const [expected, found] = [await outcome("whole"), await outcome("stopped")];
  expect(found.result).toEqual(expected.result);
  expect(found.log).toEqual(expected.log);
  expect(found.log.filter(({ stage }) => stage === "evaluation").map(({ step }) => step)).toEqual([20, 40, 60]);
  expect(found.weights.equals(expected.weights)).toBe(true);
  expect(found.state.equals(expected.state)).toBe(true);
});

describe("from what was learnt", () => {
  test("a joint model is measured by each of its heads, and a task goes on from its encoder and its own head", { timeout: 120_000 }, async () => {
    const measured = await multiway("evaluate", "retrieval", "--data", exampleData, "--model", "mini", ...onCpu, "--json");
    expect(measured).toMatchObject({ code: 0, stdout: expect.stringContaining('"task":"retrieval"') });
    const tuned = await multiway("finetune", "retrieval", "--data", exampleData, "--from", "mini", ...onCpu, "--steps", "2", "--batch", "4", "--out", join(folder, "from-mini"));
    expect(tuned).toMatchObject({ code: 0, stderr: expect.stringMatching(/its head is taken, too: language_head\.weight|its head is taken, too: .*vision_head\.weight/) });
    expect((await json("from-mini/model/model.json"))["task"]).toBe("retrieval");
  });

  test("the same task keeps its head; another one takes the encoder, and the report says what becomes of the heads", { timeout: 120_000 }, async () => {
    expect(await multiway(...start("vqa", "vqa", "--steps", "3"))).toMatchObject({ code: 0 });
    const model = join(folder, "vqa/model");
    const goOn = (task: string, out: string, from: string, ...flags: string[]) => multiway("finetune", task, "--data", exampleData, "--from", from, ...onCpu, "--steps", "2", "--out", join(folder, out), ...flags);

    const same = await goOn("vqa", "again", model);
    expect(same).toMatchObject({ code: 0, stderr: expect.stringMatching(/its head is taken, too: pooler\.norm\.weight, .* and 2 more/) });
    expect(same.stderr).not.toMatch(/begins anew|left out/);

    const other = await goOn("captioning", "captions", model);
    expect(other.code).toBe(0);
    expect(other.stderr).toMatch(/\d+ tensors of the encoder taken from .*vqa.model/);
    expect(other.stderr).toMatch(/its head, that of vqa, is left out: pooler\.norm\.weight, .* and 2 more/);
    expect(other.stderr).toMatch(/the head begins anew: mlm_head\.weight and mlm_head\.bias/);
    expect(other.stderr).toMatch(/not in the file, and begun anew: beit3\.encoder\.layer_norm/);
    expect((await json("captions/model/model.json"))["task"]).toBe("captioning");

    const wrong = await multiway("evaluate", "captioning", "--data", exampleData, "--model", model, ...onCpu);
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/is a model for vqa; expected one for captioning\. Evaluate it as `multiway evaluate vqa`/) });

    // A checkpoint by itself, of a size that no release has.
    const weights = join(model, "model.safetensors");
    const tokenizer = join(model, "sentencepiece.model");
    expect(await goOn("vqa", "file", weights)).toMatchObject({ code: 1, stderr: expect.stringContaining("the file does not say how many heads of attention. Give --heads.") });
    expect(await goOn("vqa", "file", weights, "--heads", "2")).toMatchObject({ code: 1, stderr: expect.stringContaining("has no tokenizer beside it") });
    expect(await goOn("retrieval", "file", weights, "--heads", "2", "--tokenizer", tokenizer, "--image-size", "32")).toMatchObject({ code: 0, stderr: expect.stringContaining("resampled for pictures of another size: beit3.encoder.embed_positions.A.weight") });
  });

  test("other answers: the layer that has a row for each begins anew, the rest of the head stays", { timeout: 60_000 }, async () => {
    const data = join(folder, "fewer");
    await cp(exampleData, data, { recursive: true });
    for (const split of ["train", "validation"]) {
      const lines = (await readFile(join(data, `vqa.${split}.csv`), "utf8")).split("\n");
      await writeFile(join(data, `vqa.${split}.csv`), lines.map((line) => line.replace(/,red$/, ",scarlet")).join("\n"));
    }
    const { code, stderr } = await multiway("finetune", "vqa", "--data", data, "--from", join(folder, "vqa/model"), ...onCpu, "--steps", "1", "--out", join(folder, "other-answers"));
    expect(code).toBe(0);
    expect(stderr).toMatch(/left out, being for other classes, answers or sizes: head\.3\.weight \[9, 64\] and head\.3\.bias \[9\]/);
    expect(stderr).toMatch(/its head is taken, too: .*head\.0\.weight/);
  });

  test("a file of which nothing fits", async () => {
    const file = join(folder, "other.safetensors");
    await saveCheckpoint(file, { "resnet.conv1.weight": { shape: [2], data: Float32Array.of(1, 2) } });
    const { code, stderr } = await multiway("finetune", "classification", "--data", exampleData, "--from", file, ...onCpu, "--out", join(folder, "none"));
    expect(code).toBe(1);
    expect(stderr).toContain("holds no BEiT-3 encoder under its official names; its 1 tensors begin with resnet.conv1.weight.");
  });
});

test("where figures stop being numbers, training stops, says where, and what is left", { timeout: 60_000 }, async () => {
  const flags = ["--steps", "12", "--eval-every", "4", "--clip", "0", "--warmup", "0"];
  expect(await inProcess("nan", start("classification", "nan", ...flags, "--steps", "4000", "--learning-rate", "0.001"), 8)).toMatchObject({ code: 130 });
  const before = await readFile(join(folder, "nan/model/model.safetensors"));
  const { code, stderr } = await multiway(...start("classification", "nan", ...flags, "--steps", "4000", "--resume", "--learning-rate", "1e30"));
  expect(code).toBe(1);
  expect(stderr).toMatch(/The learning rate's peak was 0\.001; from step \d+ on it is 1e\+30\./);
  expect(stderr).toMatch(/finetune: fine-tuning classification: \w+ is (NaN|-?Infinity) at step \d+; expected finite numbers\. It began in the batch of classification\.train\.csv, line \d+, .*The last good state, after \d+ steps, is in .*run\.safetensors, and the best model, after \d+, in .*model\. Go on from there with --resume and a lower --learning-rate/);
  expect((await readFile(join(folder, "nan/model/model.safetensors"))).equals(before)).toBe(true);
  expect(await multiway(...start("classification", "nan-at-once", ...flags, "--learning-rate", "1e30"))).toMatchObject({ code: 1, stderr: expect.stringContaining("Nothing was saved yet; start again with a lower --learning-rate") });
  // Where the loss has had no time to show it, the evaluation does, and the state is not saved.
  const evaluated = await multiway(...start("classification", "nan-evaluated", ...flags, "--eval-every", "1", "--learning-rate", "1e30"));
  expect(evaluated).toMatchObject({ code: 1, stderr: expect.stringMatching(/finetune: the model gives no numbers any more after 1 steps \(.*NaN.*\); expected finite numbers\. It began in the batch of .*Nothing was saved yet/) });
  expect(await readdir(join(folder, "nan-evaluated"))).toEqual(["log.jsonl"]);
});

test("a head learns as much faster as one says, the encoder as before", { timeout: 60_000 }, async () => {
  const flags = ["--steps", "1", "--warmup", "0", "--clip", "0"];
  for (const scale of ["1", "4"]) expect(await multiway(...start("classification", `scale-${scale}`, ...flags, "--head-scale", scale))).toMatchObject({ code: 0 });
  expect(await multiway(...start("classification", "slow", ...flags, "--learning-rate", "1e-12"))).toMatchObject({ code: 0 });
  const read = async (out: string, name: string) => {
    await using file = await openCheckpoint(join(folder, out, "model/model.safetensors"));
    return (await file.read(name)).elements as Float32Array;
  };
  const moved = async (out: string, name: string) => {
    const [begun, found] = [await read("slow", name), await read(out, name)];
    return begun.reduce((sum, value, index) => sum + Math.abs(found[index]! - value), 0);
  };
  const [encoder, head] = ["beit3.encoder.layers.0.self_attn.q_proj.A.weight", "head.weight"];
  expect(await read("scale-4", encoder)).toEqual(await read("scale-1", encoder));
  expect((await moved("scale-4", head)) / (await moved("scale-1", head))).toBeCloseTo(4, 1);
  const useless = await multiway(...start("classification", "useless", ...flags, "--head-scale", "4", "--layer-decay", "0.65"));
  expect(useless).toMatchObject({ code: 1, stderr: expect.stringContaining("--head-scale is 4 beside a layer decay of 0.65, which says how fast the head learns; give --layer-decay 1, or leave it out.") });
});

test("texts are as long as one says, in training and after", { timeout: 60_000 }, async () => {
  expect(await multiway(...start("captioning", "long", "--steps", "1", "--text-length", "48"))).toMatchObject({ code: 0 });
  expect((await json("long/model/model.json"))["maxTextLength"]).toBe(48);
  expect(await multiway(...start("captioning", "long", "--steps", "1", "--text-length", "32", "--resume"))).toMatchObject({ code: 1, stderr: expect.stringContaining("the saved run has maxTextLength 48, this one 32") });
  expect(await multiway("evaluate", "captioning", "--data", exampleData, "--model", join(folder, "long/model"), ...onCpu)).toMatchObject({ code: 0 });
});

describe("data and options that do not fit", () => {
  test.each<[string[], RegExp]>([
    [["vqa", "--data", "/nowhere"], /openFolder: \/nowhere cannot be read \(ENOENT\); expected a folder with the data/],
    [["vqa", "--new", "huge"], /--new is "huge", which cannot be read \(ENOENT\); expected tiny, small, or a JSON file/],
    [["vqa", "--from", "x"], /both --from and --new are given; expected one/],
    [["vqa", "--image-size", "17"], /pictures of 17 pixels and patches of 8; expected a multiple, such as 16\. Give --image-size or --patch-size/],
    [["vqa", "--text-length", "65"], /--text-length is 65; expected 64 or less, as many as the model has positions for\. Give a smaller one, or --new with "textPositions" of 67/],
    [["vqa", "--heads", "3"], /32 wide with 3 heads; expected a multiple/],
    [["vqa", "--least-answers", "1000"], /no answer is given 1000 times or more in 144 questions; expected at least one\. Lower --least-answers/],
    [["vqa", "--tokenizer", "/nowhere"], /--tokenizer \/nowhere cannot be read/],
    [["vqa", "--resume"], /--resume: .*run\.safetensors cannot be read; expected what a stopped run left there/],
  ])("%j", async (args, message) => {
    const { code, stderr } = await multiway(...start(args[0]!, "refused", ...args.slice(1), "--steps", "1"));
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  test("an answer outside the list that is given: refused, or left out on request", async () => {
    const data = join(folder, "listed");
    await cp(exampleData, data, { recursive: true });
    await writeFile(join(data, "answer2label.txt"), ["red", "square", "left", "right", "disc", "cross", "green", "blue"].map((answer, label) => JSON.stringify({ answer, label })).join("\n"));
    const args = ["finetune", "vqa", "--data", data, ...smallest, ...onCpu, "--steps", "1", "--out", join(folder, "listed-out")];
    expect(await multiway(...args)).toMatchObject({ code: 1, stderr: expect.stringMatching(/vqa\.train\.csv, line 56: "yellow" is not among the 8 answers of answer2label\.txt, nor are those of 11 more questions/) });
    expect(await multiway(...args, "--drop-unknown-answers")).toMatchObject({ code: 0, stderr: expect.stringContaining("12 questions, of which no answer is in the list, are left out of training") });
  });
});
