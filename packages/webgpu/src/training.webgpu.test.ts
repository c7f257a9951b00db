import { afterAll, beforeAll, expect, it } from "vitest";
import { compile, openDevice, valueAndGrad, type Device, type Tensor } from "@multiway/tensor";
import { webgpu } from "./webgpu.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice([webgpu({ allowSoftware: true })])));
afterAll(async () => {
  expect(device.counters.dispatches).toBeGreaterThan(0);
  await device.close();
});

// The example of the README.
it("fits a line, step after step in place, and creates nothing from the third step on", async () => {
  const x = device.tensor([[0], [1], [2], [3]]);
  const y = device.tensor([[1], [3], [5], [7]]);
  const step = compile(
    (line: { weight: Tensor; bias: Tensor }, rate: Tensor) => {
      const [loss, gradients] = valueAndGrad((of: typeof line) => x.matmul(of.weight).add(of.bias).sub(y).square().mean())(line);
      return { loss, line: { weight: line.weight.sub(gradients.weight.mul(rate)), bias: line.bias.sub(gradients.bias.mul(rate)) } };
    },
    { donate: [0] },
  );
  let state = { loss: device.tensor(0), line: { weight: device.tensor([[0]]), bias: device.tensor([0]) } };
  const run = (): void => {
    const before = state.loss;
    state = step(state.line, 0.1);
    before.dispose();
  };
  run();
  run();
  await state.loss.data();
  const { pipelines, allocations, programs } = device.counters;
  for (let i = 2; i < 300; i++) run();
  expect((await state.loss.data())[0]).toBeLessThan(1e-8);
  expect((await state.line.weight.data())[0]).toBeCloseTo(2, 3);
  expect((await state.line.bias.data())[0]).toBeCloseTo(1, 3);
  // Reads of other sizes than before may take staging memory of their own.
  expect(device.counters).toMatchObject({ pipelines, programs, allocations });
});
