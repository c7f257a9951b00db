import type { Cannot, BenchCase } from "../bench-case.ts";
import { integers, uniform } from "../inputs.ts";
import { blockFlops, productFlops } from "./flops.ts";

/** The demo's: pictures, texts and pairs of each in a batch. */
const count = 48;
const [imageSize, patchSize] = [32, 8];
const numPatches = (imageSize / patchSize) ** 2;
const pixels = 3 * imageSize * imageSize;
const [textLength, nameLength] = [16, 8];
const [numLayers, embedDim, ffnDim] = [4, 128, 256];
const vocabularySize = 2000;
/** Dropped paths are counted too: their products are computed and multiplied by 0. */
const dropPathRate = 0.1;
const numCodes = 256;
/** 4 × 4 × 3 mean colours of a patch's cells, and a constant. */
const codeDim = 49;
/** 40 % of patches; 15 % of a text's tokens and half of a name's, without `<s>` and `</s>`. */
const [maskedPatches, maskedTokens, maskedNameTokens] = [6, 2, 3].map((each) => each * count) as [number, number, number];

/**
 * Products of a step. Every text fills its bucket, so padding is not counted.
 *
 * Backward needs twice the forward pass's products, with two exceptions: nothing flows back into pixels, and visual tokens are targets.
 */
export function pretrainingFlops(): number {
  const blocks = (length: number) => numLayers * blockFlops({ batch: count, length, embedDim, ffnDim });
  // One class vector before the patches.
  const towers = blocks(numPatches + 1) + blocks(textLength) + blocks(numPatches + 1 + nameLength);
  const visionHead = 2 * productFlops(maskedPatches, embedDim, numCodes);
  const languageHead = productFlops(maskedTokens + maskedNameTokens, embedDim, vocabularySize);
  const patchEmbedding = 2 * productFlops(count * numPatches, 3 * patchSize * patchSize, embedDim);
  const visualTokens = 2 * productFlops(count * numPatches, codeDim, numCodes);
  return 3 * (towers + visionHead + languageHead) + 2 * patchEmbedding + visualTokens;
}

const oursAlone: Cannot = { cannot: "a model of ours; `train` is the same kind of work for all" };

/** The demo's pretraining step, on pictures and texts of its shapes. */
export const trainMultiwayCase: BenchCase = {
  name: "train-multiway",
  does: `one step of the demo's pretraining: ${count} pictures of ${numPatches} patches, ${count} texts of ${textLength} tokens, ${count} pairs with ${nameLength} tokens; ${numLayers} layers, ${embedDim} wide`,
  flops: pretrainingFlops(),
  comparedRuns: 4,
  tolerance: 1e-3,
  async multiway(device) {
    // Here, and not above: no other case should wait for them to load.
    const { beit3Tiny, makePretrainingBatch, PretrainingModel, pretrainingTask, startPretraining } = await import("@multiway/beit3");
    const { initialise } = await import("@multiway/nn");
    const { AdamW } = await import("@multiway/optim");
    const { key } = await import("@multiway/random");
    const { PatchTokenizer } = await import("@multiway/visual-tokenizer");

    const paddingId = 1;
    const maskId = vocabularySize - 1;
    const text = (seed: number, length: number): Int32Array => integers(seed, length, maskId - 4).map((id, place) => (place === 0 ? 0 : place === length - 1 ? 2 : id + 4));
    const each = <T>(make: (item: number) => T): T[] => Array.from({ length: count }, (_, item) => make(item));
    const batch = makePretrainingBatch(
      {
        images: each((item) => uniform(1000 + item, pixels)),
        texts: each((item) => text(2000 + item, textLength)),
        pairs: each((item) => ({ image: uniform(3000 + item, pixels), text: text(4000 + item, nameLength) })),
      },
      { imageSize, patchSize, minBlock: 2, tokens: { padding: paddingId, mask: maskId, ordinary: [4, maskId] }, buckets: [nameLength, textLength], device },
      key(1),
    );
    const model = await initialise(new PretrainingModel({ ...beit3Tiny({ vocabularySize }), dropPathRate, numCodes }), { device, key: 2 });
    const tokenizer = await initialise(new PatchTokenizer({ patchSize, numCodes }), { device, key: 3 });
    const optimizer = new AdamW({ betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.05 });
    const task = pretrainingTask({ tokenizer, optimizer, maxGradientNorm: 1, prepare: () => batch, itemsPerBatch: 3 * count });
    let state = startPretraining(model, optimizer, device);
    let steps = 0;
    return async () => {
      const next = task.step(state, batch, key(4).fold(steps++), 1e-3);
      state = next.state;
      const { loss, ...others } = next.metrics;
      const values = await loss!.data();
      for (const metric of [loss!, ...Object.values(others)]) metric.dispose();
      return [values];
    };
  },
  onnx: oursAlone,
  tfjs: oursAlone,
  jaxJs: oursAlone,
  pytorch: oursAlone,
};
