export { runOpSuite, type OpSuiteOptions } from "./run.ts";
export { openRecorder, type Recorder } from "./recorder.ts";
export { programBudget, type ProgramBudget } from "./program-budget.ts";
export { withLimits } from "./with-limits.ts";
