import { bucketFor, formatPlace, padRows, type ExampleText, type RowPlace } from "@multiway/data";
import { DataError, OptionError } from "@multiway/errors";
import { beit3AutoAugment, evaluationTransform, trainingTransform, type Image, type TransformRecipe } from "@multiway/images";
import type { Key } from "@multiway/random";
import type { Device, Tensor } from "@multiway/tensor";
import type { XlmRobertaTokenizer } from "@multiway/tokenizers";

/**
 * `official`: as the released models were tuned; `light`: small cuts, for pictures that are small or few; `strong`: these, and two changes by timm's policy rand-m9-mstd0.5-inc1 (colours, contrast, shearing and the like), so that
 * what is drawn in another way is known again; `none`: every picture as it is evaluated.
 */
export type Augmentation = "official" | "light" | "strong" | "none";
export const augmentations = ["official", "light", "strong", "none"] as const satisfies readonly Augmentation[];

export interface HeadContextOptions {
  device: Device;
  /** Height and width of pictures, pixels. */
  imageSize: number;
  /** Gives the decoded picture of a path. @param place of the row that names it, for messages */
  pictures: (path: string, place: string) => Promise<Image>;
  /** For heads that read text. */
  tokenizer?: XlmRobertaTokenizer | undefined;
  /** Rows of the model's text table. */
  vocabularySize: number;
  /** Most tokens of a text, `<s>` and `</s>` included; longer ones are cut. */
  maxTextLength: number;
  /** Default "official". */
  augmentation?: Augmentation;
  /** Probability that a picture is flipped in training. Default 0.5 with "official", else 0: digits, letters and "left" are not what they were. */
  flipProbability?: number | undefined;
  /** Examples at a time in evaluation. Default 32. */
  evaluationBatch?: number;
}

/** Lengths to which texts are padded: few, since each makes a program of its own. */
const usualBuckets = [8, 16, 32, 64];

/** What every head needs to turn examples into batches. */
export class HeadContext {
  readonly device: Device;
  readonly imageSize: number;
  readonly maxTextLength: number;
  readonly evaluationBatch: number;
  readonly #options: HeadContextOptions;
  /** Lengths to which texts are padded. */
  readonly textBuckets: readonly number[];

  constructor(options: HeadContextOptions) {
    const { device, imageSize, maxTextLength, evaluationBatch = 32 } = options;
    if (!(maxTextLength >= 3)) throw new OptionError(`HeadContext: maxTextLength is ${maxTextLength}; expected 3 or more, room for <s>, a word and </s>.`);
    this.device = device;
    this.imageSize = imageSize;
    this.maxTextLength = maxTextLength;
    this.evaluationBatch = evaluationBatch;
    this.#options = options;
    this.textBuckets = [...usualBuckets.filter((length) => length < maxTextLength), maxTextLength];
  }

  /** @throws OptionError when none was given */
  get tokenizer(): XlmRobertaTokenizer {
    const { tokenizer } = this.#options;
    if (!tokenizer) throw new OptionError("HeadContext: no tokenizer was given; this head reads text. Give the model's SentencePiece file.");
    return tokenizer;
  }

  /** Pixels of pictures, one after the other: augmented where there is a key, else as for evaluation. */
  async pixels(recipe: TransformRecipe, pictures: readonly { path: string; place: RowPlace }[], training?: { key: Key; randAugment: boolean }): Promise<Float32Array> {
    const { imageSize: size } = this;
    const evaluate = evaluationTransform({ size, recipe });
    const augment = training && this.#training(recipe, training.randAugment);
    const each = 3 * size * size;
    const pixels = new Float32Array(pictures.length * each);
    const images = await Promise.all(pictures.map(({ path, place }) => this.#options.pictures(path, formatPlace(place))));
    images.forEach((image, index) => pixels.set(augment ? augment(image, training.key.fold(index)) : evaluate(image), index * each));
    return pixels;
  }

  /** @returns [pictures, 3, imageSize, imageSize] */
  imageTensor(pixels: Float32Array): Tensor {
    const { imageSize: size } = this;
    return this.device.tensor(pixels, { shape: [pixels.length / (3 * size * size), 3, size, size] });
  }

  /** Ids of a text with `<s>` and `</s>`, cut to the longest length. @throws DataError for an empty text, and ids that the model has no row for */
  ids(text: ExampleText, place: RowPlace): Int32Array {
    const tokens = typeof text === "string" ? this.tokenizer.tokenize(text) : Int32Array.from(text);
    if (tokens.length === 0) throw new DataError(`${formatPlace(place)}: the text has no token; expected at least one. Fill it in, or remove the row.`);
    const { vocabularySize } = this.#options;
    const outside = tokens.find((id) => id >= vocabularySize);
    if (outside !== undefined) throw new DataError(`${formatPlace(place)}: id ${outside} is outside the model's ${vocabularySize} words. The text was encoded with another tokenizer than the model's; encode it anew.`);
    return this.tokenizer.frame(tokens, { maxLength: this.maxTextLength }).ids;
  }

  /** Texts side by side, padded to one of a few lengths. */
  textTensors(texts: readonly Int32Array[]): { text: Tensor; isPadding: Tensor; width: number } {
    const width = bucketFor(Math.max(...texts.map((ids) => ids.length)), this.textBuckets);
    const { values, isPadding } = padRows(texts, width, this.tokenizer.paddingId);
    const shape = [texts.length, width];
    return { text: this.device.tensor(values, { shape }), isPadding: this.device.tensor(isPadding, { shape, dtype: "bool" }), width };
  }

  #training(recipe: TransformRecipe, randAugment: boolean): ((image: Image, key: Key) => Float32Array) | undefined {
    const { augmentation = "official", flipProbability = augmentation === "official" ? 0.5 : 0 } = this.#options;
    if (augmentation === "none") return undefined;
    const shared = { size: this.imageSize, recipe, flipProbability };
    return trainingTransform(
      augmentation === "official" ? { ...shared, randAugment } : { ...shared, crop: { area: [0.7, 1], ratio: [0.85, 1.18] }, autoAugment: augmentation === "strong" && beit3AutoAugment, erasing: false },
    );
  }
}

/** Examples a few at a time; the last ones are filled up with the first, so that all batches are of one size. */
export function* filledChunks<E>(examples: readonly E[], size: number): Generator<{ items: E[]; count: number; start: number }> {
  const room = Math.min(size, examples.length);
  for (let start = 0; start < examples.length; start += room) {
    const items = examples.slice(start, start + room);
    yield { items: [...items, ...Array.from({ length: room - items.length }, () => examples[0]!)], count: items.length, start };
  }
}
