import { spawnSync } from "node:child_process";
import type { Target } from "./target.ts";

/** Debian's own interpreter, where its `python3-torch` is. */
export const python = "/usr/bin/python3";

/** Whether PyTorch is there. */
export const hasPytorch = (): boolean => spawnSync(python, ["-c", "import torch"], { stdio: "ignore", env: pythonEnvironment() }).status === 0;

/** Without the switches that hold OpenBLAS to an older processor or a smaller cache. */
export function pythonEnvironment(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _cache, ...rest } = process.env;
  return { ...rest, OMP_NUM_THREADS: "2" };
}

/** Its process runs `pytorch.py` instead of our worker. */
export const pytorchTarget: Target = {
  name: "pytorch",
  title: "PyTorch, CPU, 2 threads",
  prepare: () => Promise.reject(new Error("internal: pytorch runs in Python")),
};
