import { compile, valueAndGrad, type Device, type Outside, type Tensor } from "@multiway/tensor";
import { openRecorder, programBudget, type ProgramBudget } from "@multiway/testing/op-suite";
import { describe, expect, test } from "vitest";
import { multiwayBlock, plainBlock, type BlockSizes, type Subject } from "./block-subjects.samples.ts";
import { budgets } from "./budget.expected.samples.ts";
import type { ByModality } from "./experts.ts";
import { paperForm, releasedForm } from "./presets.ts";

/** Limits that decide what programs look like. */
const devices = {
  wasm: { offsetAlignment: 64, maxBuffersPerKernel: 256 },
  webgpu: { offsetAlignment: 256, maxBuffersPerKernel: 8 },
} as const;

const sizes: BlockSizes = { batch: 2, length: 64, embedDim: 128, numHeads: 4, ffnDim: 512 };

async function measure<Model>(makeSubject: (device: Device) => Subject<Model> | Promise<Subject<Model>>, limits: (typeof devices)[keyof typeof devices]): Promise<{ forward: ProgramBudget; withGradients: ProgramBudget }> {
  const recorder = await openRecorder(limits);
  const { model, inputs, forward } = await makeSubject(recorder.device);
  const loss = (m: Model, x: ByModality<Tensor>): Tensor =>
    Object.values(forward(m, x))
      .map((y: Tensor) => y.square().sum())
      .reduce((total, y) => total.add(y));
  type Arguments = [model: Outside<Model>, inputs: ByModality<Tensor>];
  compile(forward)(...([model, inputs] as unknown as Arguments));
  const ofForward = programBudget(recorder.programs.at(-1)!);
  compile((m: Model, x: ByModality<Tensor>) => valueAndGrad((inner: Model) => loss(inner, x))(m))(...([model, inputs] as unknown as Arguments));
  const withGradients = programBudget(recorder.programs.at(-1)!);
  await recorder.device.close();
  return { forward: ofForward, withGradients };
}

describe.each(Object.keys(devices) as (keyof typeof devices)[])("what a block costs on %s", (device) => {
  test("a plain pre-norm block: at most 8 kernels forward", async () => {
    const found = await measure((d) => plainBlock(d, sizes), devices[device]);
    expect(found.forward.kernels).toBeLessThanOrEqual(8);
    expect(found).toEqual(budgets[device].plain);
  });

  test("the released form's, split by modality, with two norms more", async () => {
    expect(await measure((d) => multiwayBlock(d, sizes, releasedForm), devices[device])).toEqual(budgets[device].released);
  });

  test("the paper's, with shared attention", async () => {
    expect(await measure((d) => multiwayBlock(d, sizes, paperForm), devices[device])).toEqual(budgets[device].paper);
  });
});
