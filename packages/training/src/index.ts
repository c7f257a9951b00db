export { RateMeter, type Progress } from "./rate.ts";
export { loadRun, readRun, saveRun, type EvaluationRecord, type RunRecord, type RunSettings } from "./saved-run.ts";
export { restoreState, stateTensors } from "./state.ts";
export { train, type Task, type TrainingRecord, type TrainingStep, type TrainOptions, type TrainResult } from "./train.ts";
export { trainAndKeep, type RunCourse, type TrainAndKeepOptions } from "./train-and-keep.ts";
