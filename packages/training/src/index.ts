export { RateMeter, type Progress } from "./rate.ts";
export { restoreState, stateTensors } from "./state.ts";
export { train, type Task, type TrainingRecord, type TrainingStep, type TrainOptions, type TrainResult } from "./train.ts";
