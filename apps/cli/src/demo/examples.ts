import type { PretrainingModel } from "@multiway/beit3";
import type { Key } from "@multiway/random";
import { compile, type Device, type Tensor } from "@multiway/tensor";
import type { PatchTokenizer } from "@multiway/visual-tokenizer";
import type { NamedRow } from "../report/report-input.ts";
import { imageSize, patchSize, type DemoData } from "./data.ts";
import type { AttentionExample, RetrievalRow } from "./result.ts";
import { textTensors } from "./retrieve.ts";
import { numCodes, pictureTensor } from "./visual-tokens.ts";

/** Positions of `count` items out of all, drawn by a key. */
export const drawn = <T>(items: readonly T[], count: number, key: Key): T[] => [...key.permutation(items.length).subarray(0, count)].map((index) => items[index]!);

const side = imageSize / patchSize;
const numPatches = side * side;

/** The mean patch of every visual token over the training pictures: codes × patchSize × patchSize × 3, RGB. Unused ones are white. */
export async function meanPatches(tokenizer: PatchTokenizer, data: DemoData, device: Device): Promise<Uint8Array> {
  const size = patchSize * patchSize * 3;
  const sums = new Float64Array(numCodes * size);
  const counts = new Float64Array(numCodes);
  const encode = compile((t: PatchTokenizer, images: Tensor) => t.encode(images), { name: "encodePatches" });
  const chunk = 512;
  for (let start = 0; start < data.training.length; start += chunk) {
    const pictures = data.training.slice(start, start + chunk);
    const codes = await encode(tokenizer, pictureTensor(pictures, device)).data();
    pictures.forEach(({ image }, index) => {
      for (let patch = 0; patch < numPatches; patch++) {
        const code = codes[index * numPatches + patch]!;
        const [top, left] = [Math.floor(patch / side) * patchSize, (patch % side) * patchSize];
        counts[code]!++;
        for (let y = 0; y < patchSize; y++) {
          for (let x = 0; x < patchSize * 3; x++) sums[code * size + y * patchSize * 3 + x]! += image.data[((top + y) * imageSize + left) * 3 + x]!;
        }
      }
    });
  }
  return Uint8Array.from(sums, (sum, place) => (counts[Math.floor(place / size)]! > 0 ? Math.round(sum / counts[Math.floor(place / size)]!) : 255));
}

/** Where the words of a name and the class token look in the picture, in the last layer of the fused encoder, averaged over heads. */
export async function attentionExamples(model: PretrainingModel, data: DemoData, { device, key, count }: { device: Device; key: Key; count: number }): Promise<AttentionExample[]> {
  const pictures = drawn(data.unseen, count, key);
  const texts = pictures.map(({ concept }) => data.names[concept]!);
  const { text, isPadding } = textTensors(texts, data.tokenizer.paddingId, device);
  const { attention } = model.transformer.encodeFusion({ images: pictureTensor(pictures, device), text, isPadding }, { attention: true });
  const layer = attention!.length - 1;
  const ofText = attention![layer]!.language!.mean({ axis: 1 });
  const ofImage = attention![layer]!.vision!.mean({ axis: 1 });
  const [fromWords, fromClass] = [await ofText.data(), await ofImage.slice([null, 0]).data()];
  const [, queries, keys] = ofText.shape as [number, number, number];
  return pictures.map(({ concept }, index) => {
    const ids = texts[index]!;
    const words = Array.from(ids.subarray(1, ids.length - 1), (id, place) => {
      const row = (index * queries + place + 1) * keys + 1;
      return { text: data.tokenizer.idToPiece(id), overPatches: Array.from(fromWords.subarray(row, row + numPatches)) };
    });
    const { id, name } = data.concepts[concept]!;
    return { id, name, layer, words, classToken: Array.from(fromClass.subarray(index * keys + 1, index * keys + 1 + numPatches)) };
  });
}

/** Some pictures with their best names, and some names with their best pictures. */
export function retrievalRows(similarity: Float32Array, data: DemoData, { key, count, best = 5 }: { key: Key; count: number; best?: number }): { imageToText: NamedRow[]; textToImage: RetrievalRow[] } {
  const names = data.names.length;
  const top = (length: number, value: (index: number) => number) => Array.from({ length }, (_, index) => index).sort((a, b) => value(b) - value(a) || a - b).slice(0, best);
  const [forImages, forNames] = key.split(2) as [Key, Key];
  const positions = data.unseen.map((_, index) => index);
  return {
    imageToText: drawn(positions, count, forImages).map((picture) => ({
      query: data.concepts[data.unseen[picture]!.concept]!.id,
      name: data.concepts[data.unseen[picture]!.concept]!.name,
      answers: top(names, (name) => similarity[picture * names + name]!).map((concept) => ({
        id: data.concepts[concept]!.id,
        name: data.concepts[concept]!.name,
        similarity: similarity[picture * names + concept]!,
        isRight: data.unseen[picture]!.concept === concept,
      })),
    })),
    textToImage: drawn(positions, count, forNames).map((query) => {
      const { concept } = data.unseen[query]!;
      return {
        query: data.concepts[concept]!.name,
        answers: top(data.unseen.length, (picture) => similarity[picture * names + concept]!).map((picture) => {
          const found = data.concepts[data.unseen[picture]!.concept]!;
          return { id: found.id, name: found.name, similarity: similarity[picture * names + concept]!, isRight: data.unseen[picture]!.concept === concept };
        }),
      };
    }),
  };
}
