import { initialise } from "@multiway/nn";
import { compile, valueAndGrad, type Device, type Tensor } from "@multiway/tensor";
import { PretrainingModel } from "./index.ts";
import { beit3Base } from "./presets.ts";

/** 64010 words in a table of 768 columns are 188 MiB, half as much again as a binding of 128 MiB: here the same in small, 241 words of 48 columns against 32 KiB. */
export const smallBindingBytes = 32768;
const vocabularySize = 241;
const sizes = { ...beit3Base({ imageSize: 32, patchSize: 16 }), numLayers: 1, embedDim: 48, numHeads: 2, ffnDim: 96, vocabularySize, textPositions: 12, numCodes: 8 };

export interface VocabularyStep {
  tableBytes: number;
  logits: number[];
  loss: number;
  /** Gradients of the table and of the output layer. */
  table: number[];
  head: number[];
}

/** Words through the table, the encoder, and the layer of as many outputs as words; and the gradients of both. */
export async function vocabularyStep(device: Device): Promise<VocabularyStep> {
  const model = await initialise(new PretrainingModel(sizes), { device, key: 5 });
  const ids = Int32Array.from({ length: 2 * 10 }, (_, index) => (index * 71) % vocabularySize);
  const text = device.tensor(ids, { shape: [2, 10] });
  const targets = device.tensor(ids.map((id) => (id * 5 + 1) % vocabularySize), { shape: [2, 10] });
  const logitsOf = (m: PretrainingModel, words: Tensor) => m.languageHead.forward(m.transformer.encodeLanguage(words).language);
  const step = compile((m: PretrainingModel, words: Tensor, expected: Tensor) => {
    const [loss, gradients] = valueAndGrad((inner: PretrainingModel) => logitsOf(inner, words).flatten(0, 1).crossEntropy(expected.flatten(0, 1)).mean())(m);
    return { loss, logits: logitsOf(m, words), table: gradients.transformer.textEmbedding.weight, head: gradients.languageHead.weight };
  });
  const { loss, logits, table, head } = step(model, text, targets);
  const numbers = async (tensor: Tensor) => Array.from(await tensor.data());
  return { tableBytes: 4 * model.transformer.textEmbedding.weight.size, logits: await numbers(logits), loss: await loss.item(), table: await numbers(table), head: await numbers(head) };
}
