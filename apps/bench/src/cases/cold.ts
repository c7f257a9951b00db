import type { BenchCase } from "../bench-case.ts";
import { matmulCase } from "./matmul.ts";

const { flops: _flops, ...small } = matmulCase("cold", { m: 64, k: 64, n: 64 }, "nn");

/** What somebody waits for at first: the process, the library, the device, and one small product read back. */
export const coldCase: BenchCase = { ...small, does: "a new process from its start: import, open the device, the first 64×64×64 product read back", isCold: true };
