import { reference } from "@multiway/reference";
import { goldenTests } from "../fixtures/golden-tests.ts";

goldenTests(() => reference());
