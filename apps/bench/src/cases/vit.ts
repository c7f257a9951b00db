import type { Tensor } from "@multiway/tensor";
import type { BenchCase } from "../bench-case.ts";
import { uniform } from "../inputs.ts";
import { OnnxModel } from "../onnx/model.ts";
import type { JaxArray } from "../targets/jax-js.ts";
import { blockWeightSpecs, epsilon, mapWeights, weightValues, type BlockWeights } from "./block-weights.ts";
import { jaxJsBlock, laidOut, multiwayBlock, onnxBlock, tfjsBlock } from "./blocks.ts";
import { blockFlops } from "./flops.ts";

const numLayers = 12;
const [length, embedDim, numHeads, ffnDim] = [197, 768, 12, 3072];

/** The blocks of a base-size encoder, 85 million weights, without embedding and head. */
function vitCase(batch: number): BenchCase {
  const sequences = { batch, length, embedDim, numHeads };
  const layers = Array.from({ length: numLayers }, (_, layer) => blockWeightSpecs(layer, embedDim, ffnDim));
  const input = () => uniform(1, batch * length * embedDim);
  return {
    name: `vit-12-${batch}`,
    does: `${numLayers} pre-norm blocks, ${embedDim} wide, ${numHeads} heads, ${length} tokens, batch ${batch}, forward`,
    flops: numLayers * blockFlops({ ...sequences, ffnDim }),
    tolerance: 1e-3,
    async multiway(device) {
      const { compile } = await import("@multiway/tensor");
      const weights = layers.map((layer) => mapWeights(layer, (spec) => device.tensor(weightValues(spec), { shape: spec.shape })));
      const x = device.tensor(input(), { shape: [batch, length, embedDim] });
      const forward = compile((model: BlockWeights<Tensor>[], tokens: Tensor) => model.reduce((y, layer) => multiwayBlock(y, layer, numHeads), tokens), { name: "vit" });
      return async () => {
        using y = forward(weights, x);
        return [await y.data()];
      };
    },
    onnx() {
      const model = new OnnxModel();
      const shape = [batch, length, embedDim];
      return model.finish(layers.reduce((y, layer) => onnxBlock(model, y, layer, sequences), model.input(input(), shape)), shape);
    },
    tfjs(tf) {
      const weights = layers.map((layer) => mapWeights(layer, (spec) => tf.tensor(laidOut(spec).values, laidOut(spec).shape)));
      const x = tf.tensor(input(), [batch * length, embedDim]);
      return async () => {
        let y = x;
        for (const layer of weights) {
          const tokens = y;
          // Block by block, so that what one of them needed in between is gone before the next.
          y = tf.tidy(() => tfjsBlock(tf, tokens, layer, sequences));
          if (tokens !== x) tokens.dispose();
        }
        const values = await y.data();
        y.dispose();
        return [values];
      };
    },
    jaxJs(jax) {
      const { numpy: np, jit } = jax;
      const weights = layers.map((layer) => mapWeights(layer, (spec) => np.array(laidOut(spec).values, { shape: laidOut(spec).shape })));
      const x = np.array(input(), { shape: [batch * length, embedDim] });
      const forward = jit((model: BlockWeights<JaxArray>[], tokens: JaxArray) => model.reduce((y, layer) => jaxJsBlock(jax, y, layer, sequences), tokens));
      return async () => [await forward(weights.map((layer) => mapWeights(layer, ({ ref }) => ref)), x.ref).data()];
    },
    pytorch: { kind: "vit", ...sequences, epsilon, layers: layers.map((layer) => Object.values(layer)) },
  };
}

export const vitCases: readonly BenchCase[] = [vitCase(1), vitCase(8)];
