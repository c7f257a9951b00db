import type { Captioner, CaptioningModel } from "@multiway/head-captioning";
import type { Device } from "@multiway/tensor";
import type { BenchCase, Cannot } from "../bench-case.ts";
import { integers, uniform } from "../inputs.ts";
import { attentionFlops, productFlops } from "./flops.ts";

const numLayers = 6;
const [embedDim, numHeads, ffnDim] = [384, 6, 1536];
const [imageSize, patchSize] = [224, 16];
const vocabularySize = 8000;
const pictureLength = (imageSize / patchSize) ** 2 + 1;
const steps = 20;
/** First token, twenty words, last token. */
const maxLength = steps + 2;
const tokens = { first: 0, padding: 1, last: 2, mask: vocabularySize - 1 };

/** Products of `steps` steps, in each of which two tokens, the last word and the mask, attend to the picture and to the words so far; the head reads the mask. */
export function decodingFlops(): number {
  const rows = 2;
  const layer = productFlops(rows, embedDim, 4 * embedDim) + 2 * productFlops(rows, embedDim, ffnDim);
  const attention = (step: number) => attentionFlops(rows, pictureLength + step + rows, embedDim);
  const each = (step: number) => numLayers * (layer + attention(step)) + productFlops(1, embedDim, vocabularySize);
  return Array.from({ length: steps }, (_, step) => each(step)).reduce((sum, flops) => sum + flops, 0);
}

const oursAlone: Cannot = { cannot: "a model and a decoder of ours" };
const peers = { onnx: oursAlone, tfjs: oursAlone, jaxJs: oursAlone, pytorch: oursAlone } as const;

/** With weights from numbers, as from a file. */
async function makeCaptioner(device: Device): Promise<Captioner> {
  const { Captioner, CaptioningModel } = await import("@multiway/head-captioning");
  const { MultiwayTransformer, releasedForm } = await import("@multiway/transformer");
  const model: CaptioningModel = new CaptioningModel(new MultiwayTransformer({ ...releasedForm, numLayers, embedDim, numHeads, ffnDim, imageSize, patchSize, vocabularySize, textPositions: 64 }));
  const weights = model.tensors().map(({ name, tensor }, index) => {
    const isGain = /norm/i.test(name) && name.endsWith("weight");
    return [name, device.tensor(uniform(index + 1, tensor.size, isGain ? 0 : 0.08, isGain ? 1 : 0), { shape: tensor.shape })] as const;
  });
  model.loadStateDict(Object.fromEntries(weights));
  return new Captioner(model, { device, tokens });
}

const pictureOf = (device: Device) => device.tensor(uniform(1000, 3 * imageSize ** 2), { shape: [1, 3, imageSize, imageSize] });

const decodingCase: BenchCase = {
  ...peers,
  name: `caption-${steps}`,
  does: `${steps} words after a picture of ${pictureLength} tokens, one at a time with kept keys and values: ${numLayers} layers, ${embedDim} wide, ${vocabularySize} words to choose from`,
  flops: decodingFlops(),
  tolerance: 1e-3,
  async multiway(device) {
    const captioner = await makeCaptioner(device);
    const words = integers(3, steps, vocabularySize - 4).map((id, place) => (place === 0 ? tokens.first : id + 3));
    const same = Int32Array.of(0);
    const next = captioner.nextWords(pictureOf(device), { numBeams: 1, maxLength });
    // What follows a place is hidden from it, so that every iteration begins behind the same picture.
    return async () => {
      let logProbabilities: Float32Array = new Float32Array(0);
      for (const [step, word] of words.entries()) logProbabilities = await next(Int32Array.of(word, tokens.mask), same, step + 2);
      return [logProbabilities];
    };
  },
};

const coldCase: BenchCase = {
  ...peers,
  name: "caption-cold",
  does: `a new process from its start: import, open the device, weights in place, the first caption (at most ${steps - 1} words, three beams) of the model of caption-${steps}`,
  tolerance: 1e-3,
  isCold: true,
  async multiway(device) {
    const captioner = await makeCaptioner(device);
    return async () => {
      const { captions } = await captioner.generate(pictureOf(device), { maxLength });
      return [Float32Array.of(captions[0]!.ids.length, captions[0]!.score)];
    };
  },
};

export const captioningCases: readonly BenchCase[] = [decodingCase, coldCase];
