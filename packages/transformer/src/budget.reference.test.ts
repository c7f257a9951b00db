import { initialise, type LinearOptions } from "@multiway/nn";
import { compile, valueAndGrad, type Device, type Outside, type Tensor } from "@multiway/tensor";
import { openRecorder, programBudget, type ProgramBudget } from "@multiway/testing/op-suite";
import { describe, expect, test } from "vitest";
import { MultiwayBlock, type BlockRouting } from "./block.ts";
import { budgets } from "./budget.expected.samples.ts";
import type { ByModality } from "./experts.ts";
import { paperForm, releasedForm } from "./presets.ts";

/** Limits that decide what programs look like. */
const devices = {
  wasm: { offsetAlignment: 64, maxBuffersPerKernel: 256 },
  webgpu: { offsetAlignment: 256, maxBuffersPerKernel: 8 },
} as const;

const [batch, embedDim, numHeads, ffnDim] = [2, 128, 4, 512];

/** Some weights and inputs, and what becomes of them. */
interface Subject<Model> {
  model: Model;
  inputs: ByModality<Tensor>;
  forward(model: Model, inputs: ByModality<Tensor>): ByModality<Tensor>;
}

/** A pre-norm block as in a vision transformer, with one product for queries, keys and values. */
function plainBlock(device: Device) {
  const ones = (...shape: number[]) => device.ones(shape);
  const linear = (inputs: number, outputs: number) => ({ weight: ones(outputs, inputs), bias: ones(outputs) });
  const norm = () => ({ gain: ones(embedDim), offset: ones(embedDim) });
  const model = { norm1: norm(), qkv: linear(embedDim, 3 * embedDim), out: linear(embedDim, embedDim), norm2: norm(), up: linear(embedDim, ffnDim), down: linear(ffnDim, embedDim) };
  const apply = (x: Tensor, { weight, bias }: { weight: Tensor; bias: Tensor }) => x.matmul(weight.transpose()).add(bias);
  return {
    model,
    inputs: { vision: ones(batch, 64, embedDim) },
    forward(m: typeof model, { vision: x }: ByModality<Tensor>) {
      const [q, k, v] = apply(x!.layerNorm(m.norm1.gain, m.norm1.offset), m.qkv).split(embedDim, 2).map((part) => part.reshape([batch, 64, numHeads, embedDim / numHeads])) as [Tensor, Tensor, Tensor];
      const attended = x!.add(apply(q.attention(k, v).reshape([batch, 64, embedDim]), m.out));
      return { vision: attended.add(apply(apply(attended.layerNorm(m.norm2.gain, m.norm2.offset), m.up).gelu(), m.down)) };
    },
  };
}

async function multiwayBlock(device: Device, { routing, subLayerNorm }: { routing: BlockRouting; subLayerNorm: boolean }): Promise<Subject<MultiwayBlock>> {
  const options = { embedDim, numHeads, ffnDim, dropPathRate: 0, epsilon: 1e-5, linear: {} satisfies LinearOptions, routing, subLayerNorm };
  return {
    model: await initialise(new MultiwayBlock(options), { device, key: 1 }),
    inputs: { vision: device.ones([batch, 48, embedDim]), language: device.ones([batch, 16, embedDim]) },
    forward: (block, tokens) => block.forward(tokens),
  };
}

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
    const found = await measure(plainBlock, devices[device]);
    expect(found.forward.kernels).toBeLessThanOrEqual(8);
    expect(found).toEqual(budgets[device].plain);
  });

  test("the released form's, split by modality, with two norms more", async () => {
    expect(await measure((d) => multiwayBlock(d, releasedForm), devices[device])).toEqual(budgets[device].released);
  });

  test("the paper's, with shared attention", async () => {
    expect(await measure((d) => multiwayBlock(d, paperForm), devices[device])).toEqual(budgets[device].paper);
  });
});
