export { runOpSuite, type OpSuiteOptions } from "./run.ts";
export { openRecorder, type Recorder } from "./recorder.ts";
export { withLimits } from "./with-limits.ts";
