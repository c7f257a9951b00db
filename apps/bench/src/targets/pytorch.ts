import { spawnSync } from "node:child_process";
import type { Target } from "./target.ts";

/** By default Debian's own interpreter, where its `python3-torch` is. */
export const python = process.env["MULTIWAY_BENCH_PYTHON"] || "/usr/bin/python3";

/** Why PyTorch can't run on a device, if it can't. */
export function pytorchAbsence(device: "cpu" | "cuda"): string | undefined {
  const runs = (code: string): boolean => spawnSync(python, ["-c", code], { stdio: "ignore", env: pythonEnvironment() }).status === 0;
  if (!runs("import torch")) return `${python} cannot import torch`;
  return device === "cpu" || runs("import torch; torch.zeros(1, device='cuda')") ? undefined : `torch of ${python} has no CUDA device`;
}

/** Without the switches that hold OpenBLAS to an older processor or a smaller cache. */
export function pythonEnvironment(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _cache, ...rest } = process.env;
  return { ...rest, OMP_NUM_THREADS: "2" };
}

/** Their processes run `pytorch.py` instead of our worker. */
export const pytorchDevices: Readonly<Record<string, "cpu" | "cuda">> = { pytorch: "cpu", "pytorch-cuda": "cuda" };

const target = (name: string, title: string): Target => ({ name, title, prepare: () => Promise.reject(new Error("internal: pytorch runs in Python")) });
export const pytorchTargets: readonly Target[] = [target("pytorch", "PyTorch, CPU, 2 threads"), target("pytorch-cuda", "PyTorch, CUDA, without TF32")];
