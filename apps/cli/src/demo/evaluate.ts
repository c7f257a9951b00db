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

/** Names pictures of the unseen style by filling in their wholly masked names, with the picture and with a blank one. */
export async function evaluateNaming(model: PretrainingModel, data: DemoData, device: Device): Promise<{ figures: DemoResult["naming"]; names: FilledName[] }> {
  const fill = compile(
    (m: PretrainingModel, images: Tensor, text: Tensor, isPadding: Tensor) => {
      const { language } = m.transformer.encodeFusion({ images, text, isPadding });
      return m.languageHead.forward(language).argMax({ axis: -1 });
    },
    { name: "fillNames" },
  );
  const names: FilledName[] = [];
  let [pieces, right, rightWithout] = [0, 0, 0];
  for (let start = 0; start < data.unseen.length; start += chunk) {
    const pictures = data.unseen.slice(start, start + chunk);
    const texts = pictures.map(({ concept }) => data.names[concept]!);
    const width = bucketFor(Math.max(...texts.map((text) => text.length)), textBuckets);
    const hidden = texts.map((text) => text.map((id, place) => (place === 0 || place === text.length - 1 ? id : data.tokenizer.maskId)));
    const { values, isPadding } = padRows(hidden, width, data.tokenizer.paddingId);
    const text = device.tensor(values, { shape: [texts.length, width] });
    const padding = device.tensor(isPadding, { shape: [texts.length, width], dtype: "bool" });
    const images = pictureTensor(pictures, device);
    const filled = await fill(model, images, text, padding).data();
    const blind = await fill(model, device.full(images.shape, 1), text, padding).data();
    pictures.forEach(({ concept }, index) => {
      const ids = texts[index]!.subarray(1, texts[index]!.length - 1);
      const at = (all: ArrayLike<number>) => Array.from(ids, (_, place) => all[index * width + 1 + place]!);
      const [seen, unseen] = [at(filled), at(blind)];
      pieces += ids.length;
      ids.forEach((id, place) => {
        if (seen[place] === id) right++;
        if (unseen[place] === id) rightWithout++;
      });
      const show = (list: ArrayLike<number>) => Array.from(list, (id) => data.tokenizer.idToPiece(id));
      const { id, emoji, name } = data.concepts[concept]!;
      names.push({ id, emoji, name, pieces: show(ids), withPicture: show(seen), withoutPicture: show(unseen) });
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

