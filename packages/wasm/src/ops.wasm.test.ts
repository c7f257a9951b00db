import { runOpSuite } from "@multiway/testing/op-suite";
import { openDevice } from "@multiway/tensor";
import { wasm } from "./index.ts";

runOpSuite({ open: async () => await openDevice(wasm()) });
