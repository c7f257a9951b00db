import type { Tensor } from "@multiway/tensor";
import type { OnnxModel } from "../onnx/model.ts";
import type { JaxArray, JaxJs } from "../targets/jax-js.ts";
import type { Tfjs, TfTensor } from "../targets/tfjs.ts";
import { epsilon, weightValues, type BlockWeights, type WeightSpec } from "./block-weights.ts";

/** Sizes of the sequences that pass through blocks. */
export interface Sequences {
  batch: number;
  length: number;
  embedDim: number;
  numHeads: number;
}

/*
 * A pre-norm Transformer block with fused q/k/v and exact GELU, in each library:
 * x + out(attention(norm(x))), then x + down(gelu(up(norm(x)))).
 */

/** @param x [batch, length, embedDim] */
export function multiwayBlock(x: Tensor, w: BlockWeights<Tensor>, numHeads: number): Tensor {
  const [batch, length, embedDim] = x.shape as [number, number, number];
  const linear = (input: Tensor, weight: Tensor, bias: Tensor): Tensor => input.matmul(weight.transpose()).add(bias);
  const qkv = linear(x.layerNorm(w.norm1Gain, w.norm1Offset, { epsilon }), w.qkv, w.qkvBias);
  const [q, k, v] = qkv.split(embedDim, -1).map((part) => part.reshape([batch, length, numHeads, embedDim / numHeads])) as [Tensor, Tensor, Tensor];
  const attended = x.add(linear(q.attention(k, v).reshape(x.shape), w.out, w.outBias));
  return attended.add(linear(linear(attended.layerNorm(w.norm2Gain, w.norm2Offset, { epsilon }), w.up, w.upBias).gelu(), w.down, w.downBias));
}

/** A [outputs, inputs] matrix as [inputs, outputs], which the libraries below multiply fastest. */
export function transposedValues(spec: WeightSpec): { values: Float32Array; shape: [number, number] } {
  const [outputs, inputs] = spec.shape as [number, number];
  const values = weightValues(spec);
  const transposed = new Float32Array(values.length);
  for (let output = 0; output < outputs; output++) for (let input = 0; input < inputs; input++) transposed[input * outputs + output] = values[output * inputs + input]!;
  return { values: transposed, shape: [inputs, outputs] };
}

/** Values as a library other than ours keeps them: matrices as [inputs, outputs], vectors as they are. */
export const laidOut = (spec: WeightSpec): { values: Float32Array; shape: readonly number[] } =>
  spec.shape.length === 2 ? transposedValues(spec) : { values: weightValues(spec), shape: spec.shape };

/** @param x name of [batch, length, embedDim] */
export function onnxBlock(model: OnnxModel, x: string, weights: BlockWeights<WeightSpec>, { batch, length, embedDim, numHeads }: Sequences): string {
  const constant = (spec: WeightSpec): string => {
    const { values, shape } = laidOut(spec);
    return model.constant(values, shape);
  };
  const norm = (input: string, gain: WeightSpec, offset: WeightSpec): string => model.node("LayerNormalization", [input, constant(gain), constant(offset)], { axis: -1, epsilon: { float: epsilon } });
  const linear = (input: string, weight: WeightSpec, bias: WeightSpec): string => model.node("Add", [model.node("MatMul", [input, constant(weight)]), constant(bias)]);
  const headDim = embedDim / numHeads;
  const qkv = linear(norm(x, weights.norm1Gain, weights.norm1Offset), weights.qkv, weights.qkvBias);
  const heads = model.nodes("Split", [qkv], { axis: -1, num_outputs: 3 }, 3).map((part) => model.node("Reshape", [part, model.integers([batch, length, numHeads, headDim])]));
  const q = model.node("Transpose", [heads[0]!], { perm: [0, 2, 1, 3] });
  const kTransposed = model.node("Transpose", [heads[1]!], { perm: [0, 2, 3, 1] });
  const v = model.node("Transpose", [heads[2]!], { perm: [0, 2, 1, 3] });
  const scores = model.node("Mul", [model.node("MatMul", [q, kTransposed]), model.constant(Float32Array.of(1 / Math.sqrt(headDim)), [])]);
  const mixed = model.node("Transpose", [model.node("MatMul", [model.node("Softmax", [scores], { axis: -1 }), v])], { perm: [0, 2, 1, 3] });
  const attended = model.node("Add", [x, linear(model.node("Reshape", [mixed, model.integers([batch, length, embedDim])]), weights.out, weights.outBias)]);
  const inner = model.node("Gelu", [linear(norm(attended, weights.norm2Gain, weights.norm2Offset), weights.up, weights.upBias)]);
  return model.node("Add", [attended, linear(inner, weights.down, weights.downBias)]);
}

/** @param x [batch · length, embedDim] */
export function tfjsBlock(tf: Tfjs, x: TfTensor, w: BlockWeights<TfTensor>, { batch, length, embedDim, numHeads }: Sequences): TfTensor {
  const headDim = embedDim / numHeads;
  const norm = (input: TfTensor, gain: TfTensor, offset: TfTensor): TfTensor => {
    const centred = tf.sub(input, tf.mean(input, -1, true));
    return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), tf.scalar(epsilon)))), gain), offset);
  };
  const linear = (input: TfTensor, weight: TfTensor, bias: TfTensor): TfTensor => tf.add(tf.matMul(input, weight), bias);
  const gelu = (input: TfTensor): TfTensor => tf.mul(tf.mul(input, 0.5), tf.add(tf.erf(tf.mul(input, Math.SQRT1_2)), tf.scalar(1)));
  const qkv = linear(norm(x, w.norm1Gain, w.norm1Offset), w.qkv, w.qkvBias);
  const [q, k, v] = tf.split(qkv, 3, 1).map((part) => tf.reshape(part, [batch, length, numHeads, headDim])) as [TfTensor, TfTensor, TfTensor];
  const scores = tf.mul(tf.matMul(tf.transpose(q, [0, 2, 1, 3]), tf.transpose(k, [0, 2, 3, 1])), 1 / Math.sqrt(headDim));
  const mixed = tf.reshape(tf.transpose(tf.matMul(tf.softmax(scores), tf.transpose(v, [0, 2, 1, 3])), [0, 2, 1, 3]), [batch * length, embedDim]);
  const attended = tf.add(x, linear(mixed, w.out, w.outBias));
  return tf.add(attended, linear(gelu(linear(norm(attended, w.norm2Gain, w.norm2Offset), w.up, w.upBias)), w.down, w.downBias));
}

/** Takes its arrays, as every function of jax-js does. @param x [batch · length, embedDim] */
export function jaxJsBlock({ numpy: np, nn }: JaxJs, x: JaxArray, w: BlockWeights<JaxArray>, { batch, length, embedDim, numHeads }: Sequences): JaxArray {
  const headDim = embedDim / numHeads;
  const norm = (input: JaxArray, gain: JaxArray, offset: JaxArray): JaxArray => nn.standardize(input, -1, { epsilon }).mul(gain).add(offset);
  const linear = (input: JaxArray, weight: JaxArray, bias: JaxArray): JaxArray => np.matmul(input, weight).add(bias);
  const qkv = linear(norm(x.ref, w.norm1Gain, w.norm1Offset), w.qkv, w.qkvBias);
  const [q, k, v] = np.split(qkv, 3, 1).map((part) => part.reshape([batch, length, numHeads, headDim])) as [JaxArray, JaxArray, JaxArray];
  const scores = np.matmul(q.transpose([0, 2, 1, 3]), k.transpose([0, 2, 3, 1])).mul(1 / Math.sqrt(headDim));
  const mixed = np.matmul(nn.softmax(scores, -1), v.transpose([0, 2, 1, 3])).transpose([0, 2, 1, 3]).reshape([batch * length, embedDim]);
  const attended = x.add(linear(mixed, w.out, w.outBias));
  const inner = nn.gelu(linear(norm(attended.ref, w.norm2Gain, w.norm2Offset), w.up, w.upBias), { approximate: false });
  return attended.add(linear(inner, w.down, w.downBias));
}
