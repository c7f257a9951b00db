import type { AdamWState } from "@multiway/optim";
import type { Tensor } from "@multiway/tensor";
import type { BenchCase } from "../bench-case.ts";
import { integers, uniform } from "../inputs.ts";
import type { JaxArray } from "../targets/jax-js.ts";
import type { TfTensor } from "../targets/tfjs.ts";
import { biasSpec, blockWeightSpecs, epsilon, mapWeights, matrixSpec, weightValues, type BlockWeights, type WeightSpec } from "./block-weights.ts";
import { jaxJsBlock, laidOut, multiwayBlock, tfjsBlock } from "./blocks.ts";
import { blockFlops, productFlops } from "./flops.ts";

const numLayers = 4;
const sequences = { batch: 16, length: 64, embedDim: 128, numHeads: 4 };
const { batch, length, embedDim, numHeads } = sequences;
const ffnDim = 512;
const numClasses = 256;
const rows = batch * length;
const [learningRate, beta1, beta2, adamEpsilon, weightDecay] = [1e-3, 0.9, 0.999, 1e-8, 0.01];

interface Model<T> {
  layers: BlockWeights<T>[];
  head: { weight: T; bias: T };
}

const specs: Model<WeightSpec> = {
  layers: Array.from({ length: numLayers }, (_, layer) => blockWeightSpecs(layer, embedDim, ffnDim)),
  head: { weight: matrixSpec(numClasses, embedDim, 90), bias: biasSpec(numClasses, 91) },
};
const mapModel = <S, T>({ layers, head }: Model<S>, make: (weight: S) => T): Model<T> => ({ layers: layers.map((layer) => mapWeights(layer, make)), head: { weight: make(head.weight), bias: make(head.bias) } });
const weightsOf = <T>({ layers, head }: Model<T>): T[] => [...layers.flatMap((layer) => Object.values(layer) as T[]), head.weight, head.bias];

const tokens = () => uniform(1, rows * embedDim);
const classes = () => integers(2, rows, numClasses);

/** One step of training: forward, gradients of everything, AdamW with decay on every weight. */
export const trainCase: BenchCase = {
  name: "train",
  does: `one step: ${numLayers} pre-norm blocks, ${embedDim} wide, ${numHeads} heads, ${length} tokens, batch ${batch}, a head of ${numClasses} with cross-entropy at every token, AdamW`,
  // Backward needs twice the forward pass's products: for the gradients of inputs (those of the first norm learn too) and of weights.
  flops: 3 * (numLayers * blockFlops({ ...sequences, ffnDim }) + productFlops(rows, embedDim, numClasses)),
  // Losses of four steps: the last three tell of gradients and updates.
  comparedRuns: 4,
  tolerance: 1e-3,
  async multiway(device) {
    const { AdamW } = await import("@multiway/optim");
    const { compile, valueAndGrad } = await import("@multiway/tensor");
    const adamw = new AdamW({ betas: [beta1, beta2], epsilon: adamEpsilon, weightDecay, groupOf: () => ({}) });
    let model: Model<Tensor> = mapModel(specs, (spec) => device.tensor(weightValues(spec), { shape: spec.shape }));
    let state = adamw.init(model, device);
    const x = device.tensor(tokens(), { shape: [batch, length, embedDim] });
    const targets = device.tensor(classes(), { shape: [batch, length] });
    const step = compile(
      (weights: Model<Tensor>, optimizer: AdamWState, input: Tensor, expected: Tensor, rate: Tensor) => {
        const [loss, gradients] = valueAndGrad(({ layers, head }: Model<Tensor>) => {
          const y = layers.reduce((hidden, layer) => multiwayBlock(hidden, layer, numHeads), input);
          return y.matmul(head.weight.transpose()).add(head.bias).crossEntropy(expected).mean();
        })(weights);
        return { loss, ...adamw.update(weights, gradients, optimizer, { learningRate: rate }) };
      },
      { name: "train", donate: [0, 1] },
    );
    return async () => {
      const next = step(model, state, x, targets, learningRate);
      ({ model, state } = next);
      using loss = next.loss;
      return [await loss.data()];
    };
  },
  onnx: { cannot: "ONNX Runtime has no gradients" },
  tfjs(tf) {
    const model = mapModel(specs, (spec) => tf.variable(tf.tensor(laidOut(spec).values, laidOut(spec).shape)));
    const variables = weightsOf(model);
    const x = tf.tensor(tokens(), [rows, embedDim]);
    const expected = tf.oneHot(tf.tensor(classes(), [rows], "int32"), numClasses);
    const adam = tf.train.adam(learningRate, beta1, beta2, adamEpsilon);
    const loss = (): TfTensor => {
      const y = model.layers.reduce((hidden: TfTensor, layer) => tfjsBlock(tf, hidden, layer, sequences), x);
      return tf.losses.softmaxCrossEntropy(expected, tf.add(tf.matMul(y, model.head.weight), model.head.bias));
    };
    return async () => {
      const { value, grads } = tf.tidy(() => tf.variableGrads(loss, variables));
      // Its Adam does not decay weights.
      tf.tidy(() => {
        for (const variable of variables) variable.assign(tf.mul(variable, 1 - learningRate * weightDecay));
      });
      adam.applyGradients(grads);
      tf.dispose(grads);
      const values = await value.data();
      value.dispose();
      return [values];
    };
  },
  jaxJs(jax) {
    const { numpy: np, nn, jit, valueAndGrad: jaxValueAndGrad } = jax;
    let model = mapModel(specs, (spec) => np.array(laidOut(spec).values, { shape: laidOut(spec).shape }));
    const zeros = () => weightsOf(specs).map(({ shape }) => np.array(new Float32Array(shape.reduce((size, extent) => size * extent, 1)), { shape: laidOutShape(shape) }));
    let [first, second] = [zeros(), zeros()];
    const x = np.array(tokens(), { shape: [rows, embedDim] });
    const targets = np.array(classes(), { shape: [rows], dtype: np.int32 });
    let count = 0;
    const step = jit((weights: Model<JaxArray>, m: JaxArray[], v: JaxArray[], input: JaxArray, labels: JaxArray, correction1: JaxArray, correction2: JaxArray) => {
      const expected = nn.oneHot(labels, numClasses);
      const [loss, gradients] = jaxValueAndGrad(({ layers, head }: Model<JaxArray>) => {
        const y = layers.reduce((hidden, layer) => jaxJsBlock(jax, hidden, layer, sequences), input);
        return nn.logSoftmax(np.matmul(y, head.weight).add(head.bias), -1).mul(expected).sum().mul(-1 / rows);
      })(mapModel(weights, ({ ref }) => ref));
      const slopes = weightsOf(gradients);
      const nextFirst = m.map((mean, index) => mean.mul(beta1).add(slopes[index]!.ref.mul(1 - beta1)));
      const nextSecond = v.map((mean, index) => mean.mul(beta2).add(slopes[index]!.ref.mul(slopes[index]!).mul(1 - beta2)));
      let index = 0;
      const next = mapModel(weights, (weight) => {
        const [mean, square] = [nextFirst[index]!.ref, nextSecond[index++]!.ref];
        const update = mean.div(correction1.ref).div(np.sqrt(square.div(correction2.ref)).add(adamEpsilon));
        return weight.mul(1 - learningRate * weightDecay).sub(update.mul(learningRate));
      });
      correction1.dispose();
      correction2.dispose();
      return { loss, model: next, first: nextFirst, second: nextSecond };
    });
    return async () => {
      count++;
      const correction = (beta: number): JaxArray => np.array(Float32Array.of(1 - beta ** count), { shape: [] });
      const next = step(model, first, second, x.ref, targets.ref, correction(beta1), correction(beta2));
      ({ model, first, second } = next);
      return [await next.loss.data()];
    };
  },
  pytorch: {
    kind: "train",
    ...sequences,
    epsilon,
    numClasses,
    learningRate,
    betas: [beta1, beta2],
    adamEpsilon,
    weightDecay,
    layers: specs.layers.map((layer) => Object.values(layer)),
    head: Object.values(specs.head),
  },
};

const laidOutShape = (shape: readonly number[]): readonly number[] => (shape.length === 2 ? [shape[1]!, shape[0]!] : shape);
