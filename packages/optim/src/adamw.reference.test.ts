import { reference } from "@multiway/reference";
import { adamWTests } from "../fixtures/adamw-tests.ts";

// Constants of a graph are f32 on every device: what is left is their rounding.
adamWTests(() => reference(), 2e-6);
