import { webgpu } from "@multiway/webgpu";
import { describe } from "vitest";
import { launchTests } from "../fixtures/launch-tests.ts";

describe("with all that the adapter has", () => launchTests(() => webgpu({ allowSoftware: true }), { "weight decay on matrices": 9, "learning rates of layers": 8 }));

describe("with no more than every WebGPU device has", () => launchTests(() => webgpu({ allowSoftware: true, limits: "default" }), { "weight decay on matrices": 10, "learning rates of layers": 9 }));

describe("with bindings of at most 64 KiB, of which the largest tensor takes most", () => launchTests(() => webgpu({ allowSoftware: true, maxBindingBytes: 65536 }), { "weight decay on matrices": 10, "learning rates of layers": 9 }));
