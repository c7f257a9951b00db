import { bucketFor, padRows } from "@multiway/data";
import { blockMask, drawsFrom, maskCaption, maskTokens, type BlockMaskOptions, type Draws, type MaskedTokens, type TokenMaskOptions } from "@multiway/masking";
import type { Key } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import { holeTargets } from "../hole-targets.ts";
import type { MaskedImages, MaskedTexts, PretrainingBatch } from "./model.ts";

export interface PretrainingBatchOptions {
  /** Height and width of pictures, pixels. */
  imageSize: number;
  patchSize: number;
  /** Share of patches to hide. Default 0.4. */
  patchRatio?: number;
  /** Smallest block, patches. Default 16; less on small grids. */
  minBlock?: number;
  /** Share of a text's tokens to hide. Default 0.15. */
  textRatio?: number;
  /** Share of a caption's tokens to hide, as `maskCaption` does. Default 0.5. */
  captionRatio?: number;
  /** Ids of the special tokens, and the range of ordinary pieces. */
  tokens: { padding: number; mask: number; ordinary: readonly [low: number, high: number] };
  /** Lengths to which texts are padded. */
  buckets: readonly number[];
  device: Device;
}

/** Pictures as pixels, [3, height, width] each, in −1 … 1; texts as ids with `<s>` in front and `</s>` behind. */
export interface PretrainingItems {
  images: readonly Float32Array[];
  texts: readonly Int32Array[];
  pairs: readonly { image: Float32Array; text: Int32Array }[];
}

/** Draws the holes of a batch and puts it on the device. */
export function makePretrainingBatch(items: PretrainingItems, options: PretrainingBatchOptions, key: Key): PretrainingBatch {
  const { textRatio = 0.15, captionRatio = 0.5 } = options;
  const [imageKey, textKey, pairImageKey, pairTextKey] = key.split(4) as [Key, Key, Key, Key];
  const pairImages = maskImages(
    items.pairs.map(({ image }) => image),
    options,
    pairImageKey,
  );
  const pairTexts = maskTexts(
    items.pairs.map(({ text }) => text),
    maskCaption,
    captionRatio,
    options,
    pairTextKey,
  );
  return {
    images: maskImages(items.images, options, imageKey),
    texts: maskTexts(items.texts, maskText, textRatio, options, textKey),
    pairs: { ...pairImages, ...pairTexts },
  };
}

function maskImages(images: readonly Float32Array[], options: PretrainingBatchOptions, key: Key): MaskedImages {
  const { imageSize, patchSize, patchRatio = 0.4, minBlock = 16, device } = options;
  const side = imageSize / patchSize;
  const numPatches = side * side;
  const count = Math.round(patchRatio * numPatches);
  const block: BlockMaskOptions = { rows: side, columns: side, count, minBlock };
  const isMasked = new Uint8Array(images.length * numPatches);
  const patches = new Int32Array(images.length * count);
  const patchPositions = new Int32Array(images.length * count);
  const pixels = new Float32Array(images.length * 3 * imageSize * imageSize);
  let next = 0;
  images.forEach((image, index) => {
    pixels.set(image, index * 3 * imageSize * imageSize);
    const mask = blockMask(block, drawsFrom(key.fold(index)));
    isMasked.set(mask, index * numPatches);
    mask.forEach((masked, patch) => {
      if (!masked) return;
      patches[next] = index * numPatches + patch;
      patchPositions[next++] = index * (numPatches + 1) + 1 + patch;
    });
  });
  return {
    images: device.tensor(pixels, { shape: [images.length, 3, imageSize, imageSize] }),
    isMaskedPatch: device.tensor(isMasked, { shape: [images.length, numPatches], dtype: "bool" }),
    patches: device.tensor(patches),
    patchPositions: device.tensor(patchPositions),
  };
}

type TextMasker = (text: Int32Array, options: TokenMaskOptions, draws: Draws) => MaskedTokens;

/** For texts by themselves: `<s>` and `</s>` are never hidden. */
const maskText: TextMasker = (text, options, draws) => maskTokens(text, Array.from({ length: Math.max(0, text.length - 2) }, (_, place) => place + 1), options, draws);

function maskTexts(texts: readonly Int32Array[], masker: TextMasker, ratio: number, options: PretrainingBatchOptions, key: Key): MaskedTexts {
  const { tokens, buckets, device } = options;
  const width = bucketFor(Math.max(...texts.map((text) => text.length)), buckets);
  const masking: TokenMaskOptions = { ratio, maskId: tokens.mask, randomIds: tokens.ordinary };
  const masked = texts.map((text, index) => masker(text, masking, drawsFrom(key.fold(index))));
  const numHoles = masked.reduce((sum, { positions }) => sum + positions.length, 0);
  // A multiple of the number of texts: few lengths, since each makes a program of its own.
  const room = texts.length * Math.ceil(numHoles / texts.length);
  const { positions, targets } = holeTargets(masked, width, room);
  const { values, isPadding } = padRows(
    masked.map(({ ids }) => ids),
    width,
    tokens.padding,
  );
  return {
    text: device.tensor(values, { shape: [texts.length, width] }),
    isPadding: device.tensor(isPadding, { shape: [texts.length, width], dtype: "bool" }),
    positions: device.tensor(positions),
    targets: device.tensor(targets),
  };
}
