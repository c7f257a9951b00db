import { wasm } from "@multiway/wasm";
import { headTests } from "../fixtures/head-tests.ts";

headTests(() => wasm());
