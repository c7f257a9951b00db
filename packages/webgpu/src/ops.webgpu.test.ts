import { runOpSuite } from "@multiway/testing/op-suite";
import { Device } from "@multiway/tensor";
import { openForTest } from "./test-device.ts";

// A software adapter compiles every kernel anew, some 20 ms each.
runOpSuite({ open: async () => new Device(await openForTest()), quick: true });
