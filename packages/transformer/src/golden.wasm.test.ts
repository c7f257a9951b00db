import { wasm } from "@multiway/wasm";
import { goldenTests } from "../fixtures/golden-tests.ts";

goldenTests(() => wasm());
