import { webgpu, type WebGPUOptions } from "@multiway/webgpu";
import { describe } from "vitest";
import { launchTests } from "./launch-suite.samples.ts";

const open = (options: WebGPUOptions = {}) => () => webgpu({ allowSoftware: true, ...options });

describe("with all that the adapter has", () => launchTests(open(), { "weight decay on matrices": 11, "learning rates of layers": 10 }));

describe("with no more than every WebGPU device has", () => launchTests(open({ limits: "default" }), { "weight decay on matrices": 11, "learning rates of layers": 10 }));

describe("with bindings of which the largest tensor needs one of its own", () => launchTests(open({ maxBindingBytes: 48128 }), { "weight decay on matrices": 19, "learning rates of layers": 17 }));
