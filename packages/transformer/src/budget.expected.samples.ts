import type { ProgramBudget } from "@multiway/testing/op-suite";

type BlockBudget = Readonly<{ forward: ProgramBudget; withGradients: ProgramBudget }>;

/** Whoever raises one says why in the commit that does. */
export const budgets: Readonly<Record<"wasm" | "webgpu", Readonly<Record<"plain" | "released" | "paper", BlockBudget>>>> = {
  wasm: {
    plain: {
      forward: { kernels: 7, bytesRead: 1_710_592, bytesWritten: 790_528, arenaBytes: 393_216 },
      withGradients: { kernels: 26, bytesRead: 6_109_184, bytesWritten: 2_894_340, arenaBytes: 1_380_352 },
    },
    released: {
      forward: { kernels: 22, bytesRead: 3_103_744, bytesWritten: 1_120_256, arenaBytes: 524_288 },
      withGradients: { kernels: 81, bytesRead: 10_332_168, bytesWritten: 4_813_836, arenaBytes: 1_513_472 },
    },
    paper: {
      forward: { kernels: 18, bytesRead: 2_765_824, bytesWritten: 790_528, arenaBytes: 311_296 },
      withGradients: { kernels: 72, bytesRead: 8_680_456, bytesWritten: 3_887_116, arenaBytes: 1_183_744 },
    },
  },
  webgpu: {
    plain: {
      forward: { kernels: 7, bytesRead: 1_710_592, bytesWritten: 790_528, arenaBytes: 393_216 },
      withGradients: { kernels: 26, bytesRead: 6_109_184, bytesWritten: 2_894_340, arenaBytes: 1_380_352 },
    },
    released: {
      forward: { kernels: 22, bytesRead: 3_103_744, bytesWritten: 1_120_256, arenaBytes: 524_288 },
      withGradients: { kernels: 81, bytesRead: 10_332_168, bytesWritten: 4_813_836, arenaBytes: 1_515_520 },
    },
    paper: {
      forward: { kernels: 18, bytesRead: 2_765_824, bytesWritten: 790_528, arenaBytes: 311_296 },
      withGradients: { kernels: 72, bytesRead: 8_680_456, bytesWritten: 3_887_116, arenaBytes: 1_184_768 },
    },
  },
};
