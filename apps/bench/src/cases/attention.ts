import type { Tensor } from "@multiway/tensor";
import type { BenchCase, Run } from "../bench-case.ts";
import { uniform } from "../inputs.ts";
import { OnnxModel } from "../onnx/model.ts";
import type { JaxArray } from "../targets/jax-js.ts";
import type { TfTensor } from "../targets/tfjs.ts";
import { attentionFlops } from "./flops.ts";

const numHeads = 12;
const headDim = 64;
const embedDim = numHeads * headDim;

/** [length, heads, headDim] as [heads, length, headDim], or the other way round: libraries differ in which they take. */
function exchangeAxes(values: ArrayLike<number>, outer: number, inner: number): Float32Array {
  const exchanged = new Float32Array(values.length);
  for (let i = 0; i < outer; i++) for (let j = 0; j < inner; j++) for (let d = 0; d < headDim; d++) exchanged[(j * outer + i) * headDim + d] = values[(i * inner + j) * headDim + d]!;
  return exchanged;
}

/** softmax(q kᵀ / 8) v. The numbers are those of [heads, length, headDim]; a library gets and gives them in the layout that its own attention takes. */
function attentionCase(name: string, length: number, { visibleKeys = length, isBackward = false }: { visibleKeys?: number; isBackward?: boolean } = {}): BenchCase {
  const size = embedDim * length;
  const isPadded = visibleKeys < length;
  const headsFirst = [0, 1, 2].map((seed) => () => uniform(seed + 1, size));
  const lengthFirst = headsFirst.map((values) => () => exchangeAxes(values(), numHeads, length));
  const arrange = (result: ArrayLike<number>) => exchangeAxes(result, length, numHeads);
  const incoming = () => uniform(4, size);
  /** Added to the scores: nothing sees the padding behind `visibleKeys`. */
  const bias = () => Float32Array.from({ length }, (_, key) => (key < visibleKeys ? 0 : -Infinity));
  const forwardFlops = attentionFlops(length, visibleKeys, embedDim);

  return {
    name,
    does: `${numHeads} heads × ${length} × ${headDim}${isPadded ? `, the last ${length - visibleKeys} keys are padding` : ""}${isBackward ? ": gradients of q, k and v, the forward pass included" : ""}`,
    // The scores and the weighted sum of the visible keys; a gradient needs twice the forward pass's products.
    flops: isBackward ? 3 * forwardFlops : forwardFlops,
    tolerance: 1e-4,
    async multiway(device) {
      const { compile, constant, grad } = await import("@multiway/tensor");
      const shape = [1, length, numHeads, headDim];
      const inputs = lengthFirst.map((values) => device.tensor(values(), { shape }));
      const attend = ([q, k, v]: Tensor[]): Tensor => q!.attention(k!, v!, isPadded ? { bias: constant(bias(), { shape: [1, 1, 1, length] }) } : {});
      if (!isBackward) {
        const forward = compile((tensors: Tensor[]) => attend(tensors), { name: "attention" });
        const run: Run = async () => {
          using out = forward(inputs);
          return [await out.data()];
        };
        return Object.assign(run, { arrange });
      }
      const weights = device.tensor(exchangeAxes(incoming(), numHeads, length), { shape });
      const backward = compile((tensors: Tensor[], upstream: Tensor) => grad((inner: Tensor[]) => attend(inner).mul(upstream).sum())(tensors), { name: "attentionGradient" });
      const run: Run = async () => {
        const gradients = backward(inputs, weights);
        const results = await Promise.all(gradients.map((gradient) => gradient.data()));
        for (const gradient of gradients) gradient.dispose();
        return results;
      };
      return Object.assign(run, { arrange });
    },
    onnx: isBackward
      ? { cannot: "ONNX Runtime has no gradients" }
      : () => {
          const model = new OnnxModel();
          const shape = [numHeads, length, headDim];
          const [q, k, v] = headsFirst.map((values) => model.input(values(), shape)) as [string, string, string];
          // The runtime folds the transposition and the factor into one FusedMatMul.
          const keys = model.node("Transpose", [k], { perm: [0, 2, 1] });
          let scores = model.node("Mul", [model.node("MatMul", [q, keys]), model.constant(Float32Array.of(1 / Math.sqrt(headDim)), [])]);
          if (isPadded) scores = model.node("Add", [scores, model.constant(bias(), [length])]);
          return model.finish(model.node("MatMul", [model.node("Softmax", [scores], { axis: -1 }), v]), shape);
        },
    tfjs(tf) {
      const shape = [numHeads, length, headDim];
      const inputs = headsFirst.map((values) => tf.tensor(values(), shape));
      const hidden = tf.tensor(bias().map((value) => (value === 0 ? 0 : -1e9)), [1, 1, length]);
      const attend = (q: TfTensor, k: TfTensor, v: TfTensor): TfTensor => {
        const scores = tf.mul(tf.matMul(q, tf.transpose(k, [0, 2, 1])), 1 / Math.sqrt(headDim));
        return tf.matMul(tf.softmax(isPadded ? tf.add(scores, hidden) : scores), v);
      };
      const upstream = tf.tensor(incoming(), shape);
      const gradients = tf.grads((...[q, k, v]) => tf.sum(tf.mul(attend(q!, k!, v!), upstream)));
      return async () => {
        const outs = tf.tidy(() => (isBackward ? gradients(inputs) : [attend(inputs[0]!, inputs[1]!, inputs[2]!)]));
        const results = await Promise.all(outs.map((out) => out.data()));
        for (const out of outs) out.dispose();
        return results;
      };
    },
    jaxJs({ numpy: np, nn, jit, grad: jaxGrad }) {
      const shape = [numHeads, length, headDim];
      const inputs = headsFirst.map((values) => np.array(values(), { shape }));
      const hidden = np.array(bias().map((value) => (value === 0 ? 0 : -1e9)), { shape: [1, 1, length] });
      // Its own dotProductAttention needs methods of iterators that Node 20 has not.
      const attend = ([q, k, v]: JaxArray[]): JaxArray => {
        const scores = np.matmul(q!, k!.transpose([0, 2, 1])).mul(1 / Math.sqrt(headDim));
        return np.matmul(nn.softmax(isPadded ? scores.add(hidden.ref) : scores, -1), v!);
      };
      const upstream = np.array(incoming(), { shape });
      const gradients = jit((tensors: JaxArray[], weights: JaxArray) => jaxGrad((inner: JaxArray[]) => attend(inner).mul(weights).sum())(tensors));
      const forward = jit((tensors: JaxArray[]) => [attend(tensors)]);
      return async () => {
        const tensors = inputs.map(({ ref }) => ref);
        const outs = isBackward ? gradients(tensors, upstream.ref) : forward(tensors);
        return await Promise.all(outs.map((out) => out.data()));
      };
    },
    pytorch: { kind: "attention", numHeads, length, headDim, visibleKeys, isBackward },
  };
}

export const attentionCases: readonly BenchCase[] = [
  attentionCase("attention-197", 197),
  // 197 tokens of a picture and 64 of a text.
  attentionCase("attention-261", 261),
  attentionCase("attention-197-padded", 197, { visibleKeys: 160 }),
  attentionCase("attention-197-backward", 197, { isBackward: true }),
];
