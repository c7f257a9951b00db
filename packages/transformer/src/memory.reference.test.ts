import { atPath, checkpoint, compile, Device, mapTree, tensorsOf, valueAndGrad, type Tensor } from "@multiway/tensor";
import { openRecorder, programBudget, type ProgramBudget } from "@multiway/testing/op-suite";
import { describe, expect, test } from "vitest";
import { multiwayBlock, plainBlock, type BlockSizes, type Subject } from "./block-subjects.samples.ts";
import type { ByModality } from "./experts.ts";
import { releasedForm } from "./presets.ts";

/** Limits that decide what programs look like. */
const limits = {
  wasm: { offsetAlignment: 64, maxBuffersPerKernel: 256 },
  webgpu: { offsetAlignment: 256, maxBuffersPerKernel: 8 },
} as const;
type Limits = (typeof limits)[keyof typeof limits];

const numLayers = 12;
/** Twice as many tokens as the width, as a base-size model has in batches of 8 pictures. */
const sizes: BlockSizes = { batch: 4, length: 32, embedDim: 64, numHeads: 4, ffnDim: 256 };
const { batch, length, embedDim, numHeads, ffnDim } = sizes;
/** Of one number per token. */
const columnBytes = 4 * batch * length;
/** Of an activation as wide as the tokens. */
const streamBytes = columnBytes * embedDim;
/** Of the widest activation there is, between the two matrices of the feed-forward part. */
const hiddenBytes = columnBytes * ffnDim;

type Tokens = ByModality<Tensor>;
type MakeSubject<Model> = (device: Device) => Subject<Model> | Promise<Subject<Model>>;
type Layer<Model> = Subject<Model>["forward"];

const plain = (device: Device) => plainBlock(device, sizes);
/** Each modality has weights of its own, whose gradients take twice the memory; so there are more tokens, too. */
const released = (device: Device) => multiwayBlock(device, { ...sizes, batch: 4 * batch }, releasedForm);

/** Compiles a function of 12 such blocks, and runs nothing. */
async function measure<Model>(limit: Limits, makeSubject: MakeSubject<Model>, makeFunction: (layer: Layer<Model>) => (models: Model[], tokens: Tokens, rate: Tensor) => unknown): Promise<ProgramBudget & { weightBytes: number }> {
  const recorder = await openRecorder(limit);
  const idle = new Device({ ...recorder.device.backend, run: () => {} });
  const subjects: Subject<Model>[] = [];
  for (let layer = 0; layer < numLayers; layer++) subjects.push(await makeSubject(idle));
  const models = subjects.map(({ model }) => model);
  const { inputs, forward } = subjects[0]!;
  compile(makeFunction(forward), { donate: [0] })(models as never, inputs as never, 0.1);
  const budget = programBudget(recorder.programs.at(-1)!);
  await recorder.device.close();
  return { ...budget, weightBytes: tensorsOf(models).reduce((sum, { tensor }) => sum + 4 * tensor.size, 0) };
}

const forwardPass = <Model>(limit: Limits, makeSubject: MakeSubject<Model>) => measure(limit, makeSubject, (layer) => (models, tokens) => models.reduce((x, model) => layer(model, x), tokens));

/** Forward, gradients of all weights, and a step of gradient descent that writes over the weights. */
function trainingStep<Model>(limit: Limits, makeSubject: MakeSubject<Model>, { recomputes }: { recomputes: boolean }) {
  return measure(limit, makeSubject, (layer) => (models, tokens, rate) => {
    const run = (x: Tokens, model: Model): Tokens => (recomputes ? checkpoint((y: Tokens) => layer(model, y))(x) : layer(model, x));
    const loss = (inner: Model[]): Tensor =>
      Object.values(inner.reduce(run, tokens))
        .map((y: Tensor) => y.square().mean())
        .reduce((sum, y) => sum.add(y));
    const [value, gradients] = valueAndGrad(loss)(models);
    return { loss: value, models: mapTree(models, (weight, path) => weight.sub((atPath(gradients, path) as Tensor).mul(rate))) };
  });
}

async function compareSteps<Model>(limit: Limits, makeSubject: MakeSubject<Model>) {
  return { forward: await forwardPass(limit, makeSubject), keeping: await trainingStep(limit, makeSubject, { recomputes: false }), recomputing: await trainingStep(limit, makeSubject, { recomputes: true }) };
}

describe.each(Object.entries(limits))("scratch memory of 12 blocks on %s", (_, limit) => {
  test("forward: at most 3 times the largest activation, tokens in and out included", async () => {
    const { arenaBytes } = await forwardPass(limit, plain);
    expect(arenaBytes + 2 * streamBytes).toBeLessThanOrEqual(3 * hiddenBytes);
  });

  test("a training step holds each activation once", async () => {
    // Per block: both norms, queries, keys, values, what attention gave, the sums after both halves; and the hidden activation before and after GELU.
    const activations = 8 * streamBytes + 2 * hiddenBytes;
    // Of each token: mean and deviation in both norms, and in each head what its softmax was divided by.
    const statistics = columnBytes * (2 + 2 + numHeads);
    const { arenaBytes } = await trainingStep(limit, plain, { recomputes: false });
    // Beside them, gradients on their way down. One more copy of an activation in every block would not fit in there.
    const passing = 2 * hiddenBytes;
    expect(numLayers * streamBytes).toBeGreaterThan(passing);
    expect(arenaBytes).toBeLessThanOrEqual(numLayers * (activations + statistics) + passing);
  });

  test("checkpoint around each plain block: at most half, for at most one forward pass of kernels more", async () => {
    const { forward, keeping, recomputing } = await compareSteps(limit, plain);
    expect(recomputing.arenaBytes).toBeLessThanOrEqual(keeping.arenaBytes / 2);
    expect(recomputing.kernels).toBeLessThanOrEqual(keeping.kernels + forward.kernels);
    // Gradients of all weights, which wait for the update, and no more than one block's activations.
    expect(recomputing.arenaBytes).toBeLessThanOrEqual(recomputing.weightBytes + keeping.arenaBytes / numLayers + 2 * hiddenBytes);
  });

  test("checkpoint around each released block, over image and text: the same", async () => {
    const { forward, keeping, recomputing } = await compareSteps(limit, released);
    expect(recomputing.arenaBytes).toBeLessThanOrEqual(keeping.arenaBytes / 2);
    expect(recomputing.kernels).toBeLessThanOrEqual(keeping.kernels + forward.kernels);
  });
});
