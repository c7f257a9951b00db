import { key as keyOf } from "@multiway/random";
import { compile, openDevice, type Tensor } from "@multiway/tensor";
import { webgpu, type WebGPUOptions } from "@multiway/webgpu";
import { expect, it } from "vitest";
import { AdamW, type AdamWState } from "./index.ts";

/** In place of the 64010 × 768 words of the base model, 188 MiB against 128 MiB: 241 × 48, 46 KB, not a whole number of pieces. */
const shape = [241, 48];
const length = 241 * 48;

type Model = Record<"table" | "head" | "bias", Tensor>;

/** Two steps in place: tables, which one loop updates together with both their moments, beside small parameters. */
async function updates(options: WebGPUOptions): Promise<{ values: Record<string, Float32Array>; dispatches: number }> {
  await using device = await openDevice(webgpu({ allowSoftware: true, ...options }));
  const key = keyOf(3);
  const random = (index: number): Model => ({
    table: device.tensor(key.fold(index).normal(length), { shape }),
    head: device.tensor(key.fold(index + 1).normal(length), { shape }),
    bias: device.tensor(key.fold(index + 2).normal(48)),
  });
  const adamw = new AdamW({ weightDecay: 0.05 });
  let model = random(0);
  let state = adamw.init(model, device);
  const step = compile((m: Model, s: AdamWState, gradients: Model, learningRate: Tensor) => adamw.update(m, { ...gradients, head: gradients.head.mul(m.head) }, s, { learningRate }), { donate: [0, 1] });
  for (const [index, learningRate] of [1e-2, 5e-3].entries()) ({ model, state } = step(model, state, random(10 * (index + 1)), learningRate));
  const trees = { model, first: state.firstMoment, second: state.secondMoment };
  const values: Record<string, Float32Array> = {};
  for (const [tree, tensors] of Object.entries(trees)) for (const [name, tensor] of Object.entries(tensors)) values[`${tree}.${name}`] = Float32Array.from(await tensor.data());
  return { values, dispatches: device.counters.dispatches };
}

const whole = updates({});

it.each([
  ["in two pieces", { maxBindingBytes: 32768 }],
  ["in three pieces", { maxBindingBytes: 16384 }],
  ["in two pieces, with no more bindings than every WebGPU device has", { maxBindingBytes: 32768, limits: "default" }],
  ["in many pieces", { maxBindingBytes: 4096 }],
] as [string, WebGPUOptions][])("AdamW updates tables larger than a binding to the very numbers of one whole launch: %s", async (_, options) => {
  const expected = await whole;
  const { values, dispatches } = await updates(options);
  expect(Object.keys(values)).toHaveLength(9);
  expect(expected.values["second.table"]!.some((value) => value > 1e-4)).toBe(true);
  expect(values).toEqual(expected.values);
  expect(dispatches).toBeGreaterThan(expected.dispatches);
});
