export { checkBitwise, checkProgram, resultsOf, type BackendCase, type CaseBody, type CaseBuffer, type CaseRun, type ProgramCase, type ProtocolCase } from "./case.ts";
export { backendCases } from "./cases.ts";
export { Code, contiguous, input, loop, ops, output, Places, reads, single, writes, type OpStep, type Result, type Tensor } from "./build.ts";
export { openReference, runBackendSuite, type BackendSuiteOptions } from "./run.ts";
