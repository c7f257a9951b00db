import type { Tensor } from "@multiway/tensor";
import type { BenchCase, Cannot } from "../bench-case.ts";
import { uniform } from "../inputs.ts";
import { blockWeightSpecs, epsilon, mapWeights, weightValues, type BlockWeights, type WeightSpec } from "./block-weights.ts";
import { multiwayBlock } from "./blocks.ts";
import { blockFlops } from "./flops.ts";

/** Only Multiway and PyTorch: the libraries for CPUs would take minutes. */
const cannot: Cannot = { cannot: "a case for GPUs" };
const onRequest = { isOnRequest: true, onnx: cannot, tfjs: cannot, jaxJs: cannot } as const;

/** Weights in half, the input in f32. PyTorch has both in half. */
interface Precision {
  suffix: string;
  isHalf: boolean;
  tolerance: number;
}
const precisions: readonly Precision[] = [
  { suffix: "", isHalf: false, tolerance: 1e-3 },
  { suffix: "-f16", isHalf: true, tolerance: 2e-2 },
];

/** Of the result only the first row is read: 64 MiB over a bus would take longer than the product. */
function matmul4096({ suffix, isHalf, tolerance }: Precision): BenchCase {
  const size = 4096;
  return {
    ...onRequest,
    name: `matmul-4096${suffix}`,
    does: `A·B of ${size}×${size} and ${size}×${size}${isHalf ? ", B in f16" : ""}, one row read`,
    flops: 2 * size ** 3,
    tolerance,
    async multiway(device) {
      const { compile, floatToHalf } = await import("@multiway/tensor");
      const values = uniform(2, size * size);
      const a = device.tensor(uniform(1, size * size), { shape: [size, size] });
      const b = isHalf ? device.tensor(Uint16Array.from(values, floatToHalf), { shape: [size, size], dtype: "f16" }) : device.tensor(values, { shape: [size, size] });
      const product = compile((x: Tensor, y: Tensor) => x.matmul(y).slice([[0, 1]]), { name: "matmul" });
      return async () => {
        using row = product(a, b);
        return [await row.data()];
      };
    },
    pytorch: { kind: "matmul", shapeA: [size, size], shapeB: [size, size], isATransposed: false, isBTransposed: false, isHalf, firstOnly: true },
  };
}

const numLayers = 12;
const [batch, length, embedDim, numHeads, ffnDim] = [32, 197, 768, 12, 3072];

/** The blocks of a base-size encoder, as in vit.ts; of the result the first sequence is read. */
function vit32({ suffix, isHalf, tolerance }: Precision): BenchCase {
  const sequences = { batch, length, embedDim, numHeads };
  const layers = Array.from({ length: numLayers }, (_, layer) => blockWeightSpecs(layer, embedDim, ffnDim));
  return {
    ...onRequest,
    name: `vit-12-${batch}${suffix}`,
    does: `${numLayers} pre-norm blocks, ${embedDim} wide, ${numHeads} heads, ${length} tokens, batch ${batch}, forward${isHalf ? ", matrices in f16" : ""}, one sequence read`,
    flops: numLayers * blockFlops({ ...sequences, ffnDim }),
    tolerance,
    async multiway(device) {
      const { compile, floatToHalf } = await import("@multiway/tensor");
      const stored = (spec: WeightSpec): Tensor => {
        const { shape } = spec;
        return isHalf && shape.length === 2 ? device.tensor(Uint16Array.from(weightValues(spec), floatToHalf), { shape, dtype: "f16" }) : device.tensor(weightValues(spec), { shape });
      };
      const weights = layers.map((layer) => mapWeights(layer, stored));
      const x = device.tensor(uniform(1, batch * length * embedDim), { shape: [batch, length, embedDim] });
      const forward = compile((model: BlockWeights<Tensor>[], tokens: Tensor) => model.reduce((y, layer) => multiwayBlock(y, layer, numHeads), tokens).slice([[0, 1]]), { name: "vit" });
      return async () => {
        using y = forward(weights, x);
        return [await y.data()];
      };
    },
    pytorch: { kind: "vit", ...sequences, epsilon, layers: layers.map((layer) => Object.values(layer)), isHalf, firstOnly: true },
  };
}

export const largeCases: readonly BenchCase[] = [...precisions.map(matmul4096), ...precisions.map(vit32)];
