import { wasm } from "@multiway/wasm";
import { runDebugSuite } from "./debug-suite.samples.ts";

runDebugSuite(() => wasm({ threads: 2 }));
