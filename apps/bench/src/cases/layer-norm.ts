import type { Tensor } from "@multiway/tensor";
import type { BenchCase } from "../bench-case.ts";
import { uniform } from "../inputs.ts";
import { OnnxModel } from "../onnx/model.ts";
import type { JaxArray } from "../targets/jax-js.ts";
import type { TfTensor } from "../targets/tfjs.ts";

const [rows, width] = [197, 768];
const epsilon = 1e-5;
const shape = [rows, width];

const values = () => uniform(1, rows * width);
const gains = () => uniform(2, width, 0.1, 1);
const offsets = () => uniform(3, width, 0.1);
const incoming = () => uniform(4, rows * width);

/** Over the last axis of 197×768, with gain and offset. No products: its time is that of reading and writing. */
function layerNormCase(isBackward: boolean): BenchCase {
  return {
    name: isBackward ? "layer-norm-backward" : "layer-norm",
    does: `${rows}×${width}${isBackward ? ": gradients of input, gain and offset, the forward pass included" : ""}`,
    tolerance: 1e-4,
    async multiway(device) {
      const { compile, grad } = await import("@multiway/tensor");
      const inputs = [device.tensor(values(), { shape }), device.tensor(gains()), device.tensor(offsets())];
      const upstream = device.tensor(incoming(), { shape });
      const norm = ([x, gain, offset]: Tensor[]): Tensor => x!.layerNorm(gain!, offset!, { epsilon });
      const forward = compile((tensors: Tensor[]) => [norm(tensors)], { name: "layerNorm" });
      const backward = compile((tensors: Tensor[], weights: Tensor) => grad((inner: Tensor[]) => norm(inner).mul(weights).sum())(tensors), { name: "layerNormGradient" });
      return async () => {
        const outs = isBackward ? backward(inputs, upstream) : forward(inputs);
        const results = await Promise.all(outs.map((out) => out.data()));
        for (const out of outs) out.dispose();
        return results;
      };
    },
    onnx: isBackward
      ? { cannot: "ONNX Runtime has no gradients" }
      : () => {
          const model = new OnnxModel();
          const inputs = [model.input(values(), shape), model.constant(gains(), [width]), model.constant(offsets(), [width])];
          return model.finish(model.node("LayerNormalization", inputs, { axis: -1, epsilon: { float: epsilon } }), shape);
        },
    tfjs(tf) {
      const inputs = [tf.tensor(values(), shape), tf.tensor(gains(), [width]), tf.tensor(offsets(), [width])];
      const upstream = tf.tensor(incoming(), shape);
      const norm = (x: TfTensor, gain: TfTensor, offset: TfTensor): TfTensor => {
        const centred = tf.sub(x, tf.mean(x, -1, true));
        const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), tf.scalar(epsilon)));
        return tf.add(tf.mul(tf.mul(centred, scale), gain), offset);
      };
      const gradients = tf.grads((...[x, gain, offset]) => tf.sum(tf.mul(norm(x!, gain!, offset!), upstream)));
      return async () => {
        const outs = tf.tidy(() => (isBackward ? gradients(inputs) : [norm(inputs[0]!, inputs[1]!, inputs[2]!)]));
        const results = await Promise.all(outs.map((out) => out.data()));
        for (const out of outs) out.dispose();
        return results;
      };
    },
    jaxJs({ numpy: np, nn, jit, grad: jaxGrad }) {
      const inputs = [np.array(values(), { shape }), np.array(gains()), np.array(offsets())];
      const upstream = np.array(incoming(), { shape });
      const norm = ([x, gain, offset]: JaxArray[]): JaxArray => nn.standardize(x!, -1, { epsilon }).mul(gain!).add(offset!);
      const forward = jit((tensors: JaxArray[]) => [norm(tensors)]);
      const backward = jit((tensors: JaxArray[], weights: JaxArray) => jaxGrad((inner: JaxArray[]) => norm(inner).mul(weights).sum())(tensors));
      return async () => {
        const tensors = inputs.map(({ ref }) => ref);
        const outs = isBackward ? backward(tensors, upstream.ref) : forward(tensors);
        return await Promise.all(outs.map((out) => out.data()));
      };
    },
    pytorch: { kind: "layerNorm", rows, width, epsilon, isBackward },
  };
}

export const layerNormCases: readonly BenchCase[] = [layerNormCase(false), layerNormCase(true)];
