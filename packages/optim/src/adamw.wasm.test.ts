import { wasm } from "@multiway/wasm";
import { adamWTests } from "../fixtures/adamw-tests.ts";

adamWTests(() => wasm(), 1e-5);
