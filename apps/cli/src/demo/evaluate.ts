import type { PretrainingModel } from "@multiway/beit3";
import { bucketFor, padRows } from "@multiway/data";
import { blockMask, drawsFrom } from "@multiway/masking";
import type { Key } from "@multiway/random";
import { compile, type Device, type Tensor } from "@multiway/tensor";
import type { PatchTokenizer } from "@multiway/visual-tokenizer";
import { imageSize, textBuckets, patchSize, type DemoData } from "./data.ts";
import type { DemoResult, FilledName, FilledPatches } from "./result.ts";
import { numCodes, pictureTensor } from "./visual-tokens.ts";

const chunk = 64;
const side = imageSize / patchSize;
const numPatches = side * side;

/**
 * Names pictures of the unseen style by filling in their wholly hidden names, with the picture and with a blank one.
 *
 * Pieces are filled in one by one, the most certain first, so that each guess sees those before it (as in Ghazvininejad et al. 2019, "Mask-Predict").
 */
export async function evaluateNaming(model: PretrainingModel, data: DemoData, device: Device): Promise<{ figures: DemoResult["naming"]; names: FilledName[] }> {
  const guess = compile(
    (m: PretrainingModel, images: Tensor, text: Tensor, isPadding: Tensor) => {
      const { language } = m.transformer.encodeFusion({ images, text, isPadding });
      const logits = m.languageHead.forward(language);
      return { pieces: logits.argMax({ axis: -1 }), certainty: logits.max({ axis: -1 }).sub(logits.logSumExp({ axis: -1 })) };
    },
    { name: "guessPieces" },
  );
  const { maskId, paddingId } = data.tokenizer;
  const fillIn = async (images: Tensor, names: readonly Int32Array[]): Promise<Int32Array[]> => {
    const width = bucketFor(Math.max(...names.map((name) => name.length)), textBuckets);
    const filled = names.map((name) => name.map((id, place) => (place === 0 || place === name.length - 1 ? id : maskId)));
    const holes = names.map((name) => Array.from({ length: name.length - 2 }, (_, piece) => piece + 1));
    while (holes.some((places) => places.length > 0)) {
      const { values, isPadding } = padRows(filled, width, paddingId);
      using text = device.tensor(values, { shape: [names.length, width] });
      using padding = device.tensor(isPadding, { shape: [names.length, width], dtype: "bool" });
      const guesses = guess(model, images, text, padding);
      const [pieces, certainty] = await Promise.all([guesses.pieces.data(), guesses.certainty.data()]);
      holes.forEach((places, row) => {
        if (places.length === 0) return;
        const surest = places.reduce((best, place) => (certainty[row * width + place]! > certainty[row * width + best]! ? place : best));
        filled[row]![surest] = pieces[row * width + surest]!;
        places.splice(places.indexOf(surest), 1);
      });
    }
    return filled.map((name) => name.subarray(1, -1));
  };

  const names: FilledName[] = [];
  let [pieces, right, rightWithout] = [0, 0, 0];
  const nameOf = (picture: number): Int32Array => data.names[data.unseen[picture]!.concept]!;
  // Names of one length side by side need the fewest rounds.
  const order = [...data.unseen.keys()].sort((a, b) => nameOf(a).length - nameOf(b).length);
  for (let start = 0; start < order.length; start += chunk) {
    const chosen = order.slice(start, start + chunk);
    using images = pictureTensor(chosen.map((picture) => data.unseen[picture]!), device);
    using blank = device.full(images.shape, 1);
    const seen = await fillIn(images, chosen.map(nameOf));
    const unseen = await fillIn(blank, chosen.map(nameOf));
    chosen.forEach((picture, index) => {
      const ids = nameOf(picture).subarray(1, -1);
      pieces += ids.length;
      ids.forEach((id, place) => {
        if (seen[index]![place] === id) right++;
        if (unseen[index]![place] === id) rightWithout++;
      });
      const show = (list: Int32Array) => Array.from(list, (id) => data.tokenizer.idToPiece(id));
      const { id, emoji, name } = data.concepts[data.unseen[picture]!.concept]!;
      names[picture] = { id, emoji, name, pieces: show(ids), withPicture: show(seen[index]!), withoutPicture: show(unseen[index]!) };
    });
  }
  return { figures: { withPicture: right / pieces, withoutPicture: rightWithout / pieces, pieces }, names };
}

/** Predicts hidden patches of pictures of the unseen style, beside always guessing the most frequent visual token. */
export async function evaluatePatches(
  model: PretrainingModel,
  tokenizer: PatchTokenizer,
  data: DemoData,
  { device, key }: { device: Device; key: Key },
): Promise<{ figures: DemoResult["maskedPatches"]; pictures: FilledPatches[] }> {
  const predict = compile(
    (m: PretrainingModel, images: Tensor, isMaskedPatch: Tensor) => {
      const { vision } = m.transformer.encodeVision(images, { isMaskedPatch });
      return m.visionHead.forward(vision.narrow(1, 1, numPatches)).argMax({ axis: -1 });
    },
    { name: "fillPatches" },
  );
  const count = Math.round(0.4 * numPatches);
  const frequency = new Float64Array(numCodes);
  const pictures: FilledPatches[] = [];
  let [patches, right] = [0, 0];
  for (let start = 0; start < data.unseen.length; start += chunk) {
    const chosen = data.unseen.slice(start, start + chunk);
    const images = pictureTensor(chosen, device);
    const masks = chosen.map((_, index) => blockMask({ rows: side, columns: side, count, minBlock: 2 }, drawsFrom(key.fold(start + index))));
    const flags = new Uint8Array(chosen.length * numPatches);
    masks.forEach((mask, index) => flags.set(mask, index * numPatches));
    const predicted = await predict(model, images, device.tensor(flags, { shape: [chosen.length, numPatches], dtype: "bool" })).data();
    const codes = await tokenizer.encode(images).data();
    masks.forEach((mask, index) => {
      const row = index * numPatches;
      mask.forEach((masked, patch) => {
        if (!masked) return;
        patches++;
        frequency[codes[row + patch]!]!++;
        if (codes[row + patch] === predicted[row + patch]) right++;
      });
      const { id, name } = data.concepts[chosen[index]!.concept]!;
      pictures.push({ id, name, isMasked: [...mask], codes: Array.from(codes.subarray(row, row + numPatches)), predicted: Array.from(predicted.subarray(row, row + numPatches)) });
    });
  }
  return { figures: { accuracy: right / patches, majority: Math.max(...frequency) / patches, patches }, pictures };
}

