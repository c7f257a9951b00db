import { join } from "node:path";
import type { RunRecord } from "@multiway/training";
import { TrainingLog, type LogRecord } from "../progress/log.ts";
import type { WriteRecord } from "./run-folder.ts";

/** The log of a run; of one that goes on, without what came after it was saved. */
export const reopenLog = async (outFolder: string, saved: RunRecord | undefined): Promise<TrainingLog> =>
  await TrainingLog.open(join(outFolder, "log.jsonl"), saved && (({ stage, step }) => (stage === "evaluation" ? saved.evaluations.some((evaluation) => evaluation.step === step) : step < saved.step)));

/** Writes records with the time that their stage has taken; when a run goes on, its time does. */
export function logRecords(log: TrainingLog): WriteRecord {
  const began = performance.now();
  const before = log.records.reduce((latest: number, record: LogRecord) => Math.max(latest, record.seconds), 0);
  return (stage, { step, learningRate, metrics }) => log.write({ stage, step, learningRate, metrics, seconds: Math.round((before + (performance.now() - began) / 1000) * 1000) / 1000 });
}
