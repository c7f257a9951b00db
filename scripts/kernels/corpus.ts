import { grad, realize, type Device, type Tensor } from "@multiway/tensor";
import type { Kernel } from "@multiway/tensor/device";
import { readdir } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { trainingStepLosses } from "../../packages/beit3/src/pretraining/training-step.samples.ts";
import type { Samples } from "../../packages/testing/src/op-suite/sample.ts";
import { limitsOf, openPaperDevice } from "./paper-device.ts";

export interface Entry {
  /** Where the kernel was met first. */
  from: string;
  kernel: Kernel;
}

/** The kernels of all samples of all ops, forward and backward, and of a small pretraining step: each once, in that order. */
export async function corpus(limits: keyof typeof limitsOf): Promise<Entry[]> {
  const entries: Entry[] = [];
  const seen = new Set<string>();
  const { device, programs } = openPaperDevice(limitsOf[limits]);
  const take = (from: string): void => {
    for (const kernel of programs.splice(0).flatMap((program) => program.kernels)) {
      const text = JSON.stringify(kernel);
      if (seen.has(text)) continue;
      seen.add(text);
      entries.push({ from, kernel });
    }
  };
  for (const group of await allSamples()) {
    for (const sample of group.samples) {
      await runSample(device, group, sample);
      take(`${group.name}: ${sample.label}`);
    }
  }
  await trainingStepLosses(device, 1);
  take("a step of pretraining");
  return entries;
}

async function allSamples(): Promise<Samples[]> {
  const folder = fileURLToPath(new URL("../../packages/tensor/src/", import.meta.url));
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".samples.ts")).sort();
  const groups: Samples[] = [];
  for (const file of files) groups.push(...(Object.values((await import(pathToFileURL(folder + file).href)) as Record<string, Samples>)));
  return groups;
}

async function runSample(device: Device, group: Samples, { inputs, options, gradient }: Samples["samples"][number]): Promise<void> {
  // On paper all numbers are alike.
  const tensors = inputs.map(({ shape, dtype }) => device.zeros(shape, { dtype }));
  await realize(group.run(tensors, options), { device });
  const floats = tensors.filter(({ dtype }) => dtype === "f32");
  if (gradient === 0 || floats.length === 0) return;
  const loss = (leaves: Tensor[]): Tensor => {
    let next = 0;
    const results = group.run(tensors.map((tensor) => (tensor.dtype === "f32" ? leaves[next++]! : tensor)), options);
    return results.filter(({ dtype }) => dtype === "f32").map((result) => result.sum()).reduce((a, b) => a.add(b));
  };
  await realize(grad(loss)(floats), { device });
}
