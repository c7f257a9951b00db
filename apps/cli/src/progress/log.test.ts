import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readLog, TrainingLog, type LogRecord } from "./log.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-log-"));
  file = join(folder, "log.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

const record = (stage: string, step: number): LogRecord => ({ stage, step, learningRate: 1e-3, metrics: { loss: 1 / (step + 1) }, seconds: step });

async function write(records: LogRecord[], keep?: (record: LogRecord) => boolean): Promise<void> {
  await using log = await TrainingLog.open(file, keep);
  for (const one of records) log.write(one);
}

test("one line of JSON for each step", async () => {
  const records = Array.from({ length: 40 }, (_, step) => record("pretraining", step));
  await write(records);
  expect((await readFile(file, "utf8")).split("\n").slice(0, 1)).toEqual(['{"stage":"pretraining","step":0,"learningRate":0.001,"metrics":{"loss":1},"seconds":0}']);
  expect(await readLog(file)).toEqual(records);
});

test("a run that goes on drops the line that was cut and the steps that it does again", async () => {
  await write([record("pretraining", 0), record("pretraining", 1), record("pretraining", 2)]);
  await appendFile(file, '{"stage":"pretraining","st');
  await write([record("pretraining", 1), record("pretraining", 2)], ({ step }) => step < 1);
  expect((await readLog(file)).map(({ step }) => step)).toEqual([0, 1, 2]);
});

test("a new run begins a new log", async () => {
  await write([record("pretraining", 0)]);
  await write([record("pretraining", 7)]);
  expect((await readLog(file)).map(({ step }) => step)).toEqual([7]);
});

test("a log that isn't there is empty; one that is damaged inside says where", async () => {
  expect(await readLog(join(folder, "none"))).toEqual([]);
  await writeFile(file, `${JSON.stringify(record("a", 0))}\nnonsense\n${JSON.stringify(record("a", 1))}\n`);
  await expect(readLog(file)).rejects.toThrow(/log\.jsonl: line 2 is "nonsense"; expected a record of one step\..*--resume/);
});
