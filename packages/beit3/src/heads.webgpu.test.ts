import { webgpu } from "@multiway/webgpu";
import { headTests } from "../fixtures/head-tests.ts";

// On a software adapter the others take minutes; what they do, WebGPU's own tests do too.
headTests(() => webgpu({ allowSoftware: true }), (name) => ["vqa_tiny", "captioning_tiny"].includes(name));
