import type { BenchCase } from "../bench-case.ts";
import { attentionCases } from "./attention.ts";
import { baseEncoderCase } from "./base-encoder.ts";
import { captioningCases } from "./captioning.ts";
import { coldCase } from "./cold.ts";
import { largeCases } from "./large.ts";
import { layerNormCases } from "./layer-norm.ts";
import { matmulCases } from "./matmul.ts";
import { tinyCases } from "./tiny.ts";
import { trainCase } from "./train.ts";
import { trainMultiwayCase } from "./train-multiway.ts";
import { vitCases } from "./vit.ts";

/** In the order of the table. */
export const cases: readonly BenchCase[] = [...matmulCases, ...attentionCases, ...layerNormCases, ...vitCases, baseEncoderCase, ...tinyCases, trainCase, trainMultiwayCase, coldCase, ...captioningCases, ...largeCases];
