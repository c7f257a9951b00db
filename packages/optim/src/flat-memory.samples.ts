import { compile, valueAndGrad, type Device, type Tensor } from "@multiway/tensor";
import { key } from "@multiway/random";
import { AdamW, type AdamWState } from "./index.ts";

interface Net {
  hidden: Tensor;
  output: Tensor;
}

/** What a device holds and has made, after each of some training steps of a small net. */
export interface StepCounters {
  step: number;
  loss: number;
  nodes: number;
  pipelines: number;
  allocations: number;
  liveBytes: number;
}

/** Trains a two-layer net, with donated state, and reads the loss of every step as a training loop does. */
export async function countTraining(device: Device, steps: number): Promise<StepCounters[]> {
  const adamw = new AdamW();
  const random = (seed: number, rows: number, columns: number) => device.tensor(key(seed).normal(rows * columns).map((value) => value / Math.sqrt(rows)), { shape: [rows, columns] });
  let model: Net = { hidden: random(1, 4, 16), output: random(2, 16, 1) };
  let state: AdamWState = adamw.init(model, device);
  const step = compile(
    (net: Net, optimizer: AdamWState, x: Tensor, y: Tensor, learningRate: Tensor) => {
      const [loss, gradients] = valueAndGrad((m: Net) => x.matmul(m.hidden).gelu().matmul(m.output).sub(y).square().mean())(net);
      return { loss, ...adamw.update(net, gradients, optimizer, { learningRate }) };
    },
    { name: "step", donate: [0, 1] },
  );
  const counts: StepCounters[] = [];
  for (let index = 0; index < steps; index++) {
    const pixels = key(3).fold(index).normal(32 * 4);
    const x = device.tensor(pixels, { shape: [32, 4] });
    const y = device.tensor(Float32Array.from({ length: 32 }, (_, row) => pixels[row * 4]! * pixels[row * 4 + 1]!), { shape: [32, 1] });
    const result = step(model, state, x, y, 0.01);
    ({ model, state } = result);
    const loss = await result.loss.item();
    // A batch is the loop's own; handed back here, since garbage collection comes when it likes.
    x.dispose();
    y.dispose();
    const { nodes, pipelines, allocations, liveBytes } = device.counters;
    counts.push({ step: index, loss, nodes, pipelines, allocations, liveBytes });
  }
  return counts;
}
