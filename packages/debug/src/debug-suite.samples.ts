import { NumericError } from "@multiway/errors";
import { reference } from "@multiway/reference";
import { compile, constant, grad, openDevice, valueAndGrad, type Device, type Tensor } from "@multiway/tensor";
import { recordCallSites, type DeviceBackend, type DeviceFactory } from "@multiway/tensor/device";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { checkFinite, mermaidOf, Profile, stepwise, validate } from "./index.ts";

async function open(factory: DeviceFactory): Promise<Device> {
  const device = await openDevice(factory);
  onTestFinished(() => device.close());
  return device;
}

const here = /debug-suite\.samples\.ts:\d+:\d+/;

/** A net small enough to look at, and a step of gradient descent. */
function trainingStep() {
  return compile(
    (weights: Tensor[], x: Tensor, rate: Tensor) => {
      const [loss, gradients] = valueAndGrad(([up, down]: Tensor[]) => x.matmul(up!).gelu().matmul(down!).square().mean())(weights);
      return { loss, weights: weights.map((weight, index) => weight.sub(gradients[index]!.mul(rate))) };
    },
    { donate: [0], name: "trainingStep" },
  );
}
const numbers = (length: number, scale: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7) * scale);

async function train(device: Device): Promise<number[]> {
  const step = trainingStep();
  let weights = [device.tensor(numbers(6 * 20, 0.4), { shape: [6, 20] }), device.tensor(numbers(20 * 3, 0.4), { shape: [20, 3] })];
  const x = device.tensor(numbers(8 * 6, 1), { shape: [8, 6] });
  const losses: number[] = [];
  for (let round = 0; round < 5; round++) {
    const next = step(weights, x, 0.5);
    weights = next.weights;
    losses.push(await next.loss.item());
  }
  return losses;
}

/** A device that takes `op` for an exponential. */
function spoilt(factory: DeviceFactory, op: string): DeviceFactory {
  return {
    name: factory.name,
    async open() {
      const opened = await factory.open();
      if ("unavailable" in opened) return opened;
      const load: DeviceBackend["load"] = (program) => opened.load(JSON.parse(JSON.stringify(program).replaceAll(`"op":"${op}"`, '"op":"exp"')));
      return new Proxy(opened, {
        get(target, name) {
          if (name === "load") return load;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}

/** What holds on every device. */
export function runDebugSuite(plain: () => DeviceFactory): void {
  afterEach(() => recordCallSites(false));

  describe("kernel by kernel", () => {
    test("a training step gives the same bits, and leaves as much memory behind", async () => {
      const [bare, watched] = [await open(plain()), await open(stepwise(plain(), { step: async (_, run) => run() }))];
      expect(await train(watched)).toEqual(await train(bare));
      const alive = watched.counters.liveBuffers;
      await train(watched);
      // Weights, input and constants of one more compiled function.
      expect(watched.counters.liveBuffers - alive).toBeLessThan(12);
    });

    test("a failure is told once, at the next wait, and the device goes on", async () => {
      let fails = true;
      const device = await open(
        stepwise(plain(), {
          step: async (_, run) => {
            run();
            if (fails) throw new Error("seen enough");
          },
        }),
      );
      const x = device.tensor([1, 2]);
      await expect(x.add(1).data()).rejects.toThrow("seen enough");
      fails = false;
      expect([...(await x.add(2).data())]).toEqual([3, 4]);
    });
  });

  describe("checkFinite", () => {
    test("names the first kernel, its inputs' ranges and the lines", async () => {
      const device = await open(checkFinite(plain()));
      const x = device.tensor([4, 1, -9]);
      const logarithm = compile((value: Tensor) => value.log().mul(2).sum(), { name: "logarithm" });
      const error: unknown = await logarithm(x)
        .data()
        .catch((caught: unknown) => caught);
      expect(NumericError.isInstance(error)).toBe(true);
      const { message } = error as Error;
      expect(message).toMatch(/^checkFinite: .*step 0 of "logarithm", gives NaN at element 0/);
      expect(message).toContain("-9 … 4");
      expect(message).toMatch(/ log f32\[3\] at .*debug-suite\.samples\.ts:\d+:\d+/);
    });

    test("in a gradient, names the forward line", async () => {
      const device = await open(checkFinite(plain()));
      const x = device.tensor([0, 1]);
      // 0 · ∞: the root is finite, its gradient at 0 is not.
      const error: unknown = await grad((value: Tensor) => value.sqrt().mul(value).sum())(x)
        .data()
        .catch((caught: unknown) => caught);
      expect((error as Error).message).toMatch(/debug-suite\.samples\.ts:\d+:\d+[^\n]*, backward/);
    });

    test("takes infinity for a fault only when asked to", async () => {
      const make = (device: Device) => device.tensor([1, 0]).log();
      expect([...(await make(await open(checkFinite(plain()))).data())]).toEqual([0, -Infinity]);
      await expect(make(await open(checkFinite(plain(), { infinities: true }))).data()).rejects.toThrow(/gives -Infinity at element 1 of 2/);
    });

    test("a training step without a fault passes", async () => {
      expect(await train(await open(checkFinite(plain())))).toEqual(await train(await open(plain())));
    });
  });

  describe("validate", () => {
    test("a right device passes", async () => {
      expect(await train(await open(validate(plain(), { against: reference() })))).toEqual(await train(await open(plain())));
    });

    test("stops at the first wrong kernel", async () => {
      const device = await open(validate(spoilt(plain(), "tanh"), { against: reference() }));
      const x = device.tensor([0.5, 1]);
      const net = compile((value: Tensor) => value.tanh().sum().exp(), { name: "net" });
      const error: unknown = await net(x)
        .data()
        .catch((caught: unknown) => caught);
      expect(NumericError.isInstance(error)).toBe(true);
      expect((error as Error).message).toMatch(/^validate: .*"net", gives .* the reference gives /);
      expect((error as Error).message).toMatch(here);
    });
  });

  test("a profile names kernels, the dearest first, and counts their work", async () => {
    const profile = new Profile();
    const device = await open(profile.watch(plain()));
    await train(device);
    const rows = profile.rows();
    expect(rows.map(({ totalMs }) => totalMs)).toEqual(rows.map(({ totalMs }) => totalMs).sort((a, b) => b - a));
    const product = rows.find(({ flops }) => flops === 2 * 8 * 6 * 20)!;
    expect(product.kernel).toMatch(/^matmul/);
    expect(product.calls).toBeGreaterThan(0);
    expect(profile.report()).toContain(product.kernel);
    profile.clear();
    expect(profile.rows()).toEqual([]);
  });

  test("a program as a Mermaid flow chart", async () => {
    const drawn: string[] = [];
    const device = await open(stepwise(plain(), { load: (program) => void drawn.push(mermaidOf(program)), step: async (_, run) => run() }));
    recordCallSites(true);
    const x = device.tensor(numbers(12, 1), { shape: [3, 4] });
    await x.matmul(x.transpose()).add(constant(1)).softmax(1).data();
    const [chart] = drawn;
    expect(chart).toMatch(/^flowchart TD\n/);
    expect(chart).toMatch(/k0\["<b>matmul \[3, 3\] f32<\/b><br>matmul f32\[3, 3\] .*debug-suite\.samples\.ts:\d+:\d+"\]/);
    expect(chart).toMatch(/k1\[.*<br>add f32\[3, 3\] .*<br>max f32\[3, 1\]/);
    expect(chart).toContain("k0 --> k1");
    expect(chart).toMatch(/b\d+\(\["argument 0: f32 × 12"\]\)/);
  });
}
