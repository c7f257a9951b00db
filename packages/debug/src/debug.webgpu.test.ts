import { webgpu } from "@multiway/webgpu";
import { runDebugSuite } from "./debug-suite.samples.ts";

runDebugSuite(() => webgpu({ allowSoftware: true }));
