import { reference } from "@multiway/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { key } from "@multiway/random";
import { checkpoint, compile, constant, grad, openDevice, randomUniform, realize, stopGradient, valueAndGrad, vjp, zeros, type Device, type Tensor } from "./index.ts";

let device: Device;
beforeAll(async () => {
  device = await openDevice(reference());
});
afterAll(async () => await device.close());

const f32 = (...values: number[]) => device.tensor(values);
const read = async (x: Tensor | undefined) => (x === undefined ? undefined : [...(await x.data())]);

describe("grad", () => {
  it("gives a tree like the first argument", async () => {
    const model = { w: f32(1, 2), inner: [f32(3, 4)], name: "net", rate: 0.5 };
    const gradients = grad((m: typeof model, x: Tensor) => m.w.mul(m.inner[0]!).mul(x).sum())(model, f32(10, 20));
    expect(await read(gradients.w)).toEqual([30, 80]);
    expect(await read(gradients.inner[0])).toEqual([10, 40]);
    expect(gradients.name).toBe("net");
    expect(gradients.rate).toBe(0.5);
  });

  it("is undefined where nothing flows, and zero where zero flows", async () => {
    const model = { used: f32(1), unused: f32(1), integer: device.tensor(Int32Array.of(1)), stopped: f32(2), cancelled: f32(3) };
    const gradients = grad((m: typeof model) => m.used.add(m.integer).add(m.stopped.stopGradient()).add(m.cancelled.mul(0)).sum())(model);
    expect(await read(gradients.used)).toEqual([1]);
    expect(gradients.unused).toBeUndefined();
    expect(gradients.integer).toBeUndefined();
    expect(gradients.stopped).toBeUndefined();
    expect(await read(gradients.cancelled)).toEqual([0]);
  });

  it("can be read when it is made of constants alone", async () => {
    const gradient = grad((x: Tensor) => x.sum())(f32(1, 2, 3));
    expect(gradient.device).toBe(device);
    expect(await gradient.toArray()).toEqual([1, 1, 1]);
  });

  it("adds up what flows along several ways, also for one tensor in two places", async () => {
    const w = f32(3);
    const gradients = grad((m: { a: Tensor; b: Tensor }) => m.a.mul(m.b).add(m.a).sum())({ a: w, b: w });
    expect([await read(gradients.a), await read(gradients.b)]).toEqual([[4], [3]]);
  });

  it("leaves what is captured constant", async () => {
    const captured = f32(5);
    expect(await read(grad((x: Tensor) => x.mul(captured).sum())(f32(2)))).toEqual([5]);
    // The very tensor, by capture: only its use as the argument counts.
    const x = f32(2);
    expect(await read(grad((inside: Tensor) => inside.mul(x).sum())(x))).toEqual([2]);
  });

  it("goes through what was computed before as through a constant", async () => {
    const y = f32(2).mul(3);
    await realize(y);
    expect(await read(grad((x: Tensor) => x.mul(y).sum())(y))).toEqual([6]);
  });

  it("nests: second and third derivatives, and derivatives of inner gradients", async () => {
    const cube = (x: Tensor) => x.pow(3).sum();
    const first = (x: Tensor) => grad(cube)(x).sum();
    const second = (x: Tensor) => grad(first)(x).sum();
    expect(await read(grad(cube)(f32(2)))).toEqual([12]);
    expect(await read(grad(first)(f32(2)))).toEqual([12]);
    expect(await read(grad(second)(f32(2)))).toEqual([6]);
    // d/dw of the inner gradient in x of w·x²
    const mixed = grad((w: Tensor) => grad((x: Tensor) => w.mul(x).mul(x).sum())(f32(3)).sum());
    expect(await read(mixed(f32(1)))).toEqual([6]);
  });

  it("hands on what else the loss returns", async () => {
    const [[loss, extra, note], gradient] = valueAndGrad((x: Tensor) => [x.mul(x).sum(), x.mul(10), "note"] as const)(f32(1, 2));
    expect([await loss.item(), await read(extra), note, await read(gradient)]).toEqual([5, [10, 20], "note", [2, 4]]);
  });

  it("takes a loss of one element with axes", async () => {
    expect(await read(grad((x: Tensor) => x.mul(2).reshape([1, 1]))(f32(4)))).toEqual([2]);
  });

  it.each([
    [(x: Tensor) => x, "valueAndGrad: the loss has shape [2]; expected one element. Reduce it with mean() or sum(), or use vjp."],
    [(x: Tensor) => x.greater(0).all(), "valueAndGrad: the loss is bool; expected f32."],
    [() => 3 as unknown as Tensor, "valueAndGrad: the function returned 3; expected a scalar tensor, or an array that begins with one."],
    [(x: Tensor) => grad((y: Tensor) => y.reshape([1, 2]).crossEntropy(device.tensor(Int32Array.of(0))).sum())(x).sum(), "grad: crossEntropyBackward has no gradient; its documentation says why. Put stopGradient() before it, or write it in other ops."],
    [
      (x: Tensor) => grad((gain: Tensor) => x.layerNorm(gain, zeros([2])).square().sum())(x).sum(),
      "grad: layerNorm has no second gradient; its documentation says why. Compose the norm from mean() and sub() where one is needed.",
    ],
  ] as [(x: Tensor) => Tensor, string][])("refuses a loss that is none: %#", (loss, message) => expect(() => grad(loss)(f32(1, 2))).toThrow(message));

  it("goes through functions that are compiled by themselves", async () => {
    const scaled = compile((x: Tensor, factor: Tensor) => x.mul(factor).mul(x));
    expect(await read(grad((x: Tensor) => scaled(x, 3).sum())(f32(2)))).toEqual([12]);
    expect(await read(scaled(f32(2), 3))).toEqual([12]);
    // Inside, numbers are tensors and keys take them, as when the function runs by itself.
    const drawn = compile((x: Tensor, seed: Parameters<typeof randomUniform>[0], step: Tensor) => x.mul(randomUniform(seed.fold(step), [1])));
    const alone = await read(drawn(f32(1), key(3), 7));
    expect(await read(grad((x: Tensor) => drawn(x, key(3), 7).sum())(f32(1)))).toEqual(alone);
  });
});

describe("stopGradient", () => {
  it("stops a whole tree", async () => {
    const gradients = grad((m: { a: Tensor; b: Tensor }) => {
      const still = stopGradient(m);
      return m.a.mul(still.b).add(still.a).sum();
    })({ a: f32(2), b: f32(7) });
    expect(await read(gradients.a)).toEqual([7]);
    expect(gradients.b).toBeUndefined();
  });
});

describe("vjp", () => {
  it("pulls gradients of a tree back to all arguments", async () => {
    const [result, pull] = vjp((x: Tensor, m: { w: Tensor }) => ({ product: x.mul(m.w), sum: x.add(1) }), f32(1, 2), { w: f32(3, 4) });
    expect(await read(result.product)).toEqual([3, 8]);
    const [ofX, ofModel] = pull({ product: f32(1, 10), sum: f32(100, 100) });
    expect(await read(ofX)).toEqual([103, 140]);
    expect(await read(ofModel.w)).toEqual([1, 20]);
    const [fromOne] = pull({ product: f32(1, 1) } as never);
    expect(await read(fromOne)).toEqual([3, 4]);
  });

  it("works after its result was read, and more than once", async () => {
    const [y, pull] = vjp((x: Tensor) => x.exp(), f32(0, 1));
    await realize(y);
    expect(await read(pull(f32(1, 1))[0])).toEqual([1, Math.E]);
    expect(await read(pull(f32(2, 0))[0])).toEqual([2, 0]);
  });

  it("refuses a gradient of another shape", () => {
    const [, pull] = vjp((x: Tensor) => ({ y: x }), f32(1, 2));
    expect(() => pull({ y: f32(1) })).toThrow('vjp: the gradient at "y" has shape [1]; expected [2], that of the result.');
  });
});

describe("checkpoint", () => {
  const layer = (x: Tensor, w: Tensor) => x.matmul(w).tanh().mul(x);
  const inputs = () => [device.tensor([[0.1, 0.2], [0.3, 0.4]]), device.tensor([[1, -1], [0.5, 2]])] as const;

  it("changes neither values nor gradients, captured tensors included", async () => {
    const [x, w] = inputs();
    const plain = grad((m: { x: Tensor; w: Tensor }) => layer(layer(m.x, m.w), m.w).sum())({ x, w });
    const kept = checkpoint(layer);
    const through = valueAndGrad((m: { x: Tensor; w: Tensor }) => kept(kept(m.x, m.w), m.w).sum())({ x, w });
    expect(await through[0].item()).toBeCloseTo(await layer(layer(x, w), w).sum().item(), 12);
    expect(await read(through[1].x)).toEqual(await read(plain.x));
    expect(await read(through[1].w)).toEqual(await read(plain.w));
    const captured = grad((m: { x: Tensor; w: Tensor }) => checkpoint((y: Tensor) => layer(y, m.w))(m.x).sum())({ x, w });
    expect(await read(captured.w)).toEqual(await read(grad((m: { x: Tensor; w: Tensor }) => layer(m.x, m.w).sum())({ x, w }).w));
  });

  it("nests, and is differentiated twice", async () => {
    const square = checkpoint((x: Tensor) => checkpoint((y: Tensor) => y.mul(y))(x).mul(x));
    const first = (x: Tensor) => grad((y: Tensor) => square(y).sum())(x).sum();
    expect(await read(grad((y: Tensor) => square(y).sum())(f32(2)))).toEqual([12]);
    expect(await read(grad(first)(f32(2)))).toEqual([12]);
  });

  it("passes gradients of results that it hands through", async () => {
    expect(await read(grad((x: Tensor) => checkpoint((y: Tensor) => y)(x).mul(3).sum())(f32(1)))).toEqual([3]);
    const both = grad((x: Tensor) => {
      const { same, other } = checkpoint((y: Tensor) => ({ same: y, other: y.mul(5) }))(x);
      return same.add(other).sum();
    });
    expect(await read(both(f32(1)))).toEqual([6]);
  });

  it("hands on what is no tensor, and works without tensors", () => {
    expect(checkpoint(() => ({ note: "x", count: 3 }))()).toEqual({ note: "x", count: 3 });
    expect(checkpoint((x: Tensor) => [x.mul(2), "y"] as const)(f32(1))[1]).toBe("y");
  });

  it("keeps less memory for the backward pass", async () => {
    const { openRecorder } = await import("@multiway/testing/op-suite");
    const arena = async (wrap: (fn: (x: Tensor) => Tensor) => (x: Tensor) => Tensor) => {
      const recorder = await openRecorder();
      const x = recorder.device.tensor(new Float32Array(64 * 64), { shape: [64, 64] });
      const block = wrap((y: Tensor) => y.matmul(y).tanh().matmul(y).exp().matmul(y));
      await realize(grad((y: Tensor) => block(block(block(block(y)))).sum())(x));
      return recorder.programs.at(-1)!.arenaBytes;
    };
    expect(await arena(checkpoint)).toBeLessThan(await arena((fn) => fn));
  });

  it("draws the same random numbers when it computes again", async () => {
    const dropped = checkpoint((x: Tensor) => x.mul(randomUniform(key(5), [3]).greater(0.5).cast("f32")));
    const [y, gradient] = valueAndGrad((x: Tensor) => dropped(x).mul(constant([1, 1, 1])).sum())(f32(1, 1, 1));
    expect((await read(gradient))!.reduce((sum, g) => sum + g, 0)).toBe(await y.item());
  });
});
