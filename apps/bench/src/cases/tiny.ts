import type { Tensor } from "@multiway/tensor";
import type { BenchCase } from "../bench-case.ts";
import { uniform } from "../inputs.ts";
import { OnnxModel } from "../onnx/model.ts";
import type { JaxArray } from "../targets/jax-js.ts";

const length = 1024;
const numOps = 1000;

const start = () => uniform(1, length);
const summand = () => uniform(2, length);
/** Around 0.9, so that a thousand steps stay small. */
const factor = () => uniform(3, length, 0.05, 0.9);

/** x + a, · b, + a, · b, … on 1024 floats: what an op costs beside its arithmetic. No matrix products. */
const chain = <T>(x: T, { add, mul }: { add: (x: T) => T; mul: (x: T) => T }, count = numOps): T => {
  let y = x;
  for (let op = 0; op < count; op++) y = op % 2 === 0 ? add(y) : mul(y);
  return y;
};

function tinyCase(isCompiled: boolean): BenchCase {
  return {
    name: isCompiled ? "tiny-compiled" : "tiny-uncompiled",
    does: `${numOps} alternating additions and multiplications on ${length} floats, ${isCompiled ? "compiled or as one graph" : "one call after the other"}`,
    tolerance: 1e-4,
    async multiway(device) {
      const { compile } = await import("@multiway/tensor");
      const inputs = [start(), summand(), factor()].map((values) => device.tensor(values)) as [Tensor, Tensor, Tensor];
      const whole = (x: Tensor, a: Tensor, b: Tensor): Tensor => chain(x, { add: (y) => y.add(a), mul: (y) => y.mul(b) });
      const call = isCompiled ? compile(whole, { name: "tiny" }) : whole;
      return async () => {
        using y = call(...inputs);
        return [await y.data()];
      };
    },
    onnx: isCompiled
      ? () => {
          const model = new OnnxModel();
          const [x, a, b] = [start(), summand(), factor()].map((values) => model.input(values, [length])) as [string, string, string];
          return model.finish(chain(x, { add: (y) => model.node("Add", [y, a]), mul: (y) => model.node("Mul", [y, b]) }), [length]);
        }
      : { cannot: "ONNX Runtime runs whole graphs only" },
    tfjs: isCompiled
      ? { cannot: "TensorFlow.js compiles nothing" }
      : (tf) => {
          const [x, a, b] = [start(), summand(), factor()].map((values) => tf.tensor(values, [length]));
          return async () => {
            const y = tf.tidy(() => chain(x!, { add: (z) => tf.add(z, a!), mul: (z) => tf.mul(z, b!) }));
            const values = await y.data();
            y.dispose();
            return [values];
          };
        },
    jaxJs({ numpy: np, jit }) {
      const [x, a, b] = [start(), summand(), factor()].map((values) => np.array(values)) as [JaxArray, JaxArray, JaxArray];
      // Compiled as a whole it overflows the stack, so a tenth is compiled and called ten times.
      const parts = isCompiled ? 10 : 1;
      const part = (z: JaxArray, summands: JaxArray, factors: JaxArray): JaxArray => {
        const y = chain(z, { add: (last) => last.add(summands.ref), mul: (last) => last.mul(factors.ref) }, numOps / parts);
        summands.dispose();
        factors.dispose();
        return y;
      };
      const call = isCompiled ? jit(part) : part;
      return async () => {
        let y = x.ref;
        for (let count = 0; count < parts; count++) y = call(y, a.ref, b.ref);
        return [await y.data()];
      };
    },
    pytorch: isCompiled ? { cannot: "this version of PyTorch is timed uncompiled" } : { kind: "tiny", length, numOps },
  };
}

export const tinyCases: readonly BenchCase[] = [tinyCase(false), tinyCase(true)];
