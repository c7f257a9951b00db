import type { BenchCase } from "../bench-case.ts";
import { matmulCases } from "./matmul.ts";

/** In the order of the table. */
export const cases: readonly BenchCase[] = [...matmulCases];
