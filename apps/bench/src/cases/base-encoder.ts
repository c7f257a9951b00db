import type { Tensor } from "@multiway/tensor";
import type { BenchCase, Cannot } from "../bench-case.ts";
import { uniform } from "../inputs.ts";
import { blockFlops, productFlops } from "./flops.ts";

const imageSize = 224;
const patchSize = 16;
const patches = (imageSize / patchSize) ** 2;
const [embedDim, ffnDim, numLayers] = [768, 3072, 12];

/** The peers have no Multiway Transformer; their twelve blocks alone, of the same sizes, are vit-12-1. */
const cannot: Cannot = { cannot: "its like is vit-12-1" };

/** BEiT-3's base encoder as users call it, 222 million weights of which a picture takes 86 million: patches, positions, twelve blocks with their inner norms, last norm. */
export const baseEncoderCase: BenchCase = {
  name: "beit3-base-224",
  does: `BEiT-3 base, one picture of ${imageSize} × ${imageSize} pixels to its ${1 + patches} vectors; vit-12-1 beside it is what the peers do of that`,
  flops: productFlops(patches, 3 * patchSize ** 2, embedDim) + numLayers * blockFlops({ batch: 1, length: 1 + patches, embedDim, ffnDim }),
  tolerance: 1e-3,
  async multiway(device) {
    const [{ beit3Base }, { MultiwayTransformer }, { compile }] = await Promise.all([import("@multiway/beit3"), import("@multiway/transformer"), import("@multiway/tensor")]);
    const model = new MultiwayTransformer(beit3Base({ imageSize }));
    // What texts take is there, and zero: drawing it would take longer than all that is timed.
    const values = uniform(2, embedDim * ffnDim, 0.05);
    const weightOf = (name: string, shape: readonly number[], size: number): Tensor => (/language|textEmbedding/.test(name) ? device.zeros(shape) : /[nN]orm.*weight$/.test(name) ? device.ones(shape) : device.tensor(values.subarray(0, size), { shape }));
    model.loadStateDict(Object.fromEntries(model.tensors().map(({ name, tensor: { shape, size } }) => [name, weightOf(name, shape, size)])));
    const image = device.tensor(uniform(1, 3 * imageSize ** 2), { shape: [1, 3, imageSize, imageSize] });
    const encode = compile((m: typeof model, x: Tensor) => m.encodeVision(x).vision, { name: "beit3-base" });
    return async () => {
      using y = encode(model, image);
      return [await y.data()];
    };
  },
  onnx: cannot,
  tfjs: cannot,
  jaxJs: cannot,
  pytorch: cannot,
};
