import type { BenchCase } from "../bench-case.ts";
import { attentionCases } from "./attention.ts";
import { layerNormCases } from "./layer-norm.ts";
import { matmulCases } from "./matmul.ts";
import { tinyCases } from "./tiny.ts";

/** In the order of the table. */
export const cases: readonly BenchCase[] = [...matmulCases, ...attentionCases, ...layerNormCases, ...tinyCases];
