import { runOpSuite, withLimits } from "@multiway/testing/op-suite";
import { Device, openDevice } from "@multiway/tensor";
import { describe } from "vitest";
import { reference } from "./index.ts";

describe("one kernel per op", () => runOpSuite({ open: async () => await openDevice(reference()) }));

// The same loops, fused, and with as few buffers per kernel as WebGPU guarantees.
describe("fused", () => runOpSuite({ open: async () => new Device(withLimits((await openDevice(reference())).backend, { fuses: true, maxBuffersPerKernel: 8, offsetAlignment: 256 })) }));
