import { jaxJsTarget } from "./jax-js.ts";
import { multiwayTargets } from "./multiway.ts";
import { onnxRuntimeTargets } from "./onnx-runtime.ts";
import { pytorchTargets } from "./pytorch.ts";
import type { Target } from "./target.ts";
import { tfjsTarget } from "./tfjs.ts";

/** In the order of the table. */
export const targets: readonly Target[] = [...multiwayTargets, ...onnxRuntimeTargets, tfjsTarget, jaxJsTarget, ...pytorchTargets];
