import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildModel, describeModel, writeModelFolder, type DescribeModelOptions, type ModelTask } from "@multiway/beit3";
import { saveCheckpoint } from "@multiway/checkpoint";
import { createImage, encodePng } from "@multiway/images";
import { initialise, type Module } from "@multiway/nn";
import { openDevice, type Device } from "@multiway/tensor";
import { parseSentencePieceModel, SentencePieceTokenizer, trainUnigram, writeSentencePieceModel } from "@multiway/tokenizers";
import { officialStateDict, releasedForm, type MultiwayTransformerOptions } from "@multiway/transformer";
import { wasm } from "@multiway/wasm";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createProgram } from "../commands/program.ts";
import { describeFailure } from "../errors/describe-failure.ts";
import { encodeNpy } from "./npy.ts";

let folder: string;
let device: Device;
const place = (...names: string[]): string => join(folder, ...names);
const tokenizer = writeSentencePieceModel(trainUnigram(["a red square on a blue box", "how many circles are in the picture", "a dog sits on a bus"], { vocabularySize: 50, acceptsFewer: true }));
const vocabularySize = new SentencePieceTokenizer(parseSentencePieceModel(tokenizer)).vocabularySize + 2;
const sizes: MultiwayTransformerOptions = { ...releasedForm, numLayers: 1, embedDim: 16, numHeads: 2, ffnDim: 32, imageSize: 16, patchSize: 8, vocabularySize, textPositions: 40 };

async function writeTiny(task: ModelTask, options: Partial<DescribeModelOptions> = {}): Promise<Module> {
  const description = describeModel({ task, model: { ...sizes, finalNorm: task !== "vqa" && task !== "classification" }, tokenizer: "sentencepiece.model", ...options });
  const { model } = buildModel(description);
  await mkdir(place(task));
  const started: Module = await initialise(model as Module, { device, key: 3 });
  await writeModelFolder(place(task), started, { description, tokenizer });
  return started;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-use-"));
  device = await openDevice(wasm({ threads: 1 }));
  await mkdir(place("pictures", "below"), { recursive: true });
  const colours = { red: [200, 30, 30], green: [30, 200, 30], "below/blue": [30, 30, 200] };
  for (const [name, colour] of Object.entries(colours)) await writeFile(place("pictures", `${name}.png`), await encodePng(createImage(20, 24, 3, colour)));
  await writeFile(place("pictures", "broken.png"), "no picture");
  await writeFile(place("pictures", "notes.txt"), "no picture, and not called one");
});
afterAll(async () => {
  await device.close();
  await rm(folder, { recursive: true });
});
afterEach(() => vi.restoreAllMocks());

/** Runs a command in this process. */
async function multiway(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr, code] = ["", "", -1];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((stdout += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((stderr += String(text)), true));
  try {
    await createProgram((exitCode) => (code = exitCode)).parseAsync([...args, ...(args.includes("--model") ? ["--device", "wasm", "--threads", "1"] : [])], { from: "user" });
  } catch (error) {
    [code, stderr] = [1, stderr + describeFailure(error)];
  } finally {
    vi.restoreAllMocks();
  }
  return { code, stdout, stderr };
}

test("search lists the pictures of a folder, best first, and tells of damaged ones", async () => {
  await writeTiny("retrieval");
  const { code, stdout, stderr } = await multiway("search", place("pictures"), "a", "red", "square", "--model", place("retrieval"), "--json");
  expect(code).toBe(0);
  const found = JSON.parse(stdout) as { picture: string; score: number }[];
  expect(found.map(({ picture }) => picture).sort()).toEqual(["below/blue", "green", "red"].map((name) => place("pictures", `${name}.png`)));
  expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
  expect(stderr).toMatch(/^left out: .*broken\.png.*\n$/);
  const text = await multiway("search", place("pictures"), "a red square", "--model", place("retrieval", "model.json"), "--top", "1");
  expect(text.stdout).toBe(`${found[0]!.score.toFixed(3).padStart(6)}  ${found[0]!.picture}\n`);
});

test("classify takes any names with a model for retrieval", async () => {
  const red = place("pictures", "red.png");
  const { stdout } = await multiway("classify", red, "--names", "dog, box", "--model", place("retrieval"), "--json");
  const [{ picture, best }] = JSON.parse(stdout) as [{ picture: string; best: { name: string; probability: number }[] }];
  expect(picture).toBe(red);
  expect(best.map(({ name }) => name).sort()).toEqual(["box", "dog"]);
  expect(best.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
  expect((await multiway("classify", red, "--model", place("retrieval"))).stderr).toBe("classify: the model knows no classes. Say which there are: --names cat,dog");
});

test("classify gives the classes of a model's training; a checkpoint file of no known size is refused", async () => {
  const model = await writeTiny("classification", { classes: ["square", "circle"] });
  const { stdout } = await multiway("classify", place("pictures", "red.png"), place("pictures", "green.png"), "--model", place("classification"));
  expect(stdout).toMatch(/^\S+red\.png\n( +\d+\.\d %  (square|circle)\n){2}\S+green\.png\n( +\d+\.\d %  (square|circle)\n){2}$/);
  await saveCheckpoint(place("classes.pth"), officialStateDict(model));
  expect((await multiway("classify", place("pictures", "red.png"), "--model", place("classes.pth"))).stderr).toMatch(/has 1 layers, 16 wide, which is none of base, large, giant, and its number of heads stands in no checkpoint\. Pass/);
});

test("ask prints the best answers", async () => {
  await writeTiny("vqa", { answers: ["yes", "no", "two"] });
  const red = place("pictures", "red.png");
  const { code, stdout } = await multiway("ask", red, "how many circles?", "--model", place("vqa"), "--top", "2");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^( *\d+\.\d %  (yes|no|two)\n){2}$/);
  const json = JSON.parse((await multiway("ask", red, "how", "many", "circles?", "--model", place("vqa"), "--json")).stdout) as { question: string; answer: string; best: { answer: string }[] };
  expect(json.question).toBe("how many circles?");
  expect(json.best[0]!.answer).toBe(json.answer);
  await writeFile(place("answers.txt"), '{"answer": "maybe", "label": 0}\n{"answer": "no", "label": 1}\n');
  expect((await multiway("ask", red, "why?", "--model", place("vqa"), "--answers", place("answers.txt"))).stderr).toMatch(/"answers" is an array of 2; expected 3 of them, as many as the head has/);
});

test("judge says whether a sentence is true of two pictures", async () => {
  await writeTiny("reasoning");
  const pair = [place("pictures", "red.png"), place("pictures", "green.png")];
  const { code, stdout } = await multiway("judge", ...pair, "one", "is", "red", "--model", place("reasoning"), "--json");
  expect(code).toBe(0);
  const { isTrue, probability, ...asked } = JSON.parse(stdout) as { isTrue: boolean; probability: number };
  expect(asked).toEqual({ left: pair[0], right: pair[1], sentence: "one is red" });
  expect(isTrue).toBe(probability > 0.5);
  const text = await multiway("judge", ...pair, "one is red", "--model", place("reasoning"));
  expect(text.stdout).toBe(`${(100 * (isTrue ? probability : 1 - probability)).toFixed(1).padStart(5)} %  ${isTrue}\n`);
});

test("caption prints a caption for each picture", async () => {
  await writeTiny("captioning");
  const { code, stdout } = await multiway("caption", place("pictures", "red.png"), place("pictures", "green.png"), "--model", place("captioning"), "--max-length", "6", "--beams", "2", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([{ picture: place("pictures", "red.png"), caption: expect.any(String) as string }, { picture: place("pictures", "green.png") }]);
  expect((await multiway("ask", place("pictures", "red.png"), "why?", "--model", place("captioning"))).stderr).toMatch(/^Beit3: vqa, which answers questions, was asked of a model for captioning; it has captioner/);
});

describe("embed", () => {
  test("writes vectors of pictures and texts as lines of JSON", async () => {
    const { stdout } = await multiway("embed", place("pictures", "red.png"), "--text", "a dog", "--text", "a bus", "--model", place("retrieval"));
    const rows = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as { picture?: string; text?: string; vector: number[] });
    expect(rows.map(({ picture, text }) => picture ?? text)).toEqual([place("pictures", "red.png"), "a dog", "a bus"]);
    for (const { vector } of rows) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  });

  test("writes them for NumPy, also of pairs", async () => {
    const out = place("vectors.npy");
    expect((await multiway("embed", place("pictures", "red.png"), "--text", "a dog", "--joint", "--model", place("retrieval"), "--out", out)).stdout).toBe(`${out}: 1 vector of 16 numbers\n`);
    const bytes = await readFile(out);
    expect(bytes.toString("latin1", 10, 128)).toContain("'shape': (1, 16)");
    expect(bytes.length).toBe(128 + 4 * 16);
    expect((await multiway("embed", place("pictures", "red.png"), "--joint", "--model", place("retrieval"))).stderr).toMatch(/^encodePair: a list of 1 pictures beside a list of 0 texts/);
    expect((await multiway("embed", "--model", place("retrieval"))).stderr).toMatch(/^embed: neither pictures nor texts are given/);
  });

  test("NumPy's format: a header filled up to 64 bytes, then rows", () => {
    const bytes = encodeNpy([Float32Array.of(1, 2), Float32Array.of(3, 4)]);
    expect(new TextDecoder("latin1").decode(bytes.subarray(0, 8))).toBe("\u0093NUMPY\u0001\u0000");
    expect(bytes.length % 64).toBe(16);
    expect([...new Float32Array(bytes.slice(-16).buffer)]).toEqual([1, 2, 3, 4]);
  });
});

test("a place without a model is named", async () => {
  expect((await multiway("caption", place("pictures", "red.png"), "--model", place("pictures"))).stderr).toMatch(/^loadBeit3: ".*pictures" is a folder without model\.json; it holds .*\. Name a model folder, or a checkpoint file in it\.$/);
  expect((await multiway("caption", place("pictures", "red.png"), "--model", place("none"))).stderr).toMatch(/^openCheckpoint: ".*none": the file cannot be read \(ENOENT\)/);
  expect((await multiway("search", place("none"), "dog", "--model", place("retrieval"))).stderr).toMatch(/none cannot be read or written \(ENOENT\)/);
});
