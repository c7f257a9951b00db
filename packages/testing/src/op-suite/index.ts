export { runOpSuite, type OpSuiteOptions } from "./run.ts";
export { withLimits } from "./with-limits.ts";
