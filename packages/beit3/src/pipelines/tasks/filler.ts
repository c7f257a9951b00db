import { DataError } from "@multiway/errors";
import { createImage, type Image } from "@multiway/images";
import { compile, type Tensor } from "@multiway/tensor";
import type { PatchTokenizer } from "@multiway/visual-tokenizer";
import type { PretrainingModel } from "../../pretraining/model.ts";
import type { Picture } from "../inputs/pictures.ts";
import type { Text, TextTensors } from "../inputs/texts.ts";
import { Programs, numbersOf, release, take, type Runtime } from "../runtime.ts";
import { bestOf, softmax } from "./ranking.ts";

export interface GuessedWord {
  id: number;
  /** As the tokenizer decodes it by itself. */
  text: string;
  /** 0 to 1, among all word pieces. */
  probability: number;
}

export interface HiddenWord {
  /** Its place among the text's tokens, the first being 0. */
  place: number;
  /** Best first. */
  best: GuessedWord[];
}

export interface WordOptions {
  /** What the text is about. Without it the text alone is read. */
  picture?: Picture;
  /** Guesses for each place. Default 5. */
  top?: number;
  signal?: AbortSignal;
}

export interface GuessedPatches {
  /** The most likely visual token of each patch, row by row. */
  guessed: Int32Array;
  /** The probability of each. */
  probability: Float32Array;
  /** The visual tokens that the patches have. */
  actual: Int32Array;
  /** The picture as it is read, of the model's size, with what is guessed in the place of what is hidden. */
  image: Image;
}

export interface PatchOptions {
  /** What the picture is of. Without it the picture alone is read. */
  text?: Text;
  signal?: AbortSignal;
}

/** What stands in a text for a hidden word. */
const maskText = "<mask>";

/** Guesses hidden words and patches, as in pretraining. */
export class Filler {
  readonly #model: PretrainingModel;
  readonly #visualTokens: PatchTokenizer;
  readonly #runtime: Runtime;
  #words = new Programs<(model: PretrainingModel, texts: TextTensors, images?: Tensor) => Tensor>();
  #patches = new Programs<(model: PretrainingModel, tokens: PatchTokenizer, inputs: { images: Tensor; isMaskedPatch: Tensor; texts?: TextTensors }) => { logits: Tensor; actual: Tensor; colors: Tensor }>();

  constructor(model: PretrainingModel, visualTokens: PatchTokenizer, runtime: Runtime) {
    this.#model = model;
    this.#visualTokens = visualTokens;
    this.#runtime = runtime;
  }

  /** The same for other weights, as they are after more steps of training: nothing is compiled anew. */
  of(model: PretrainingModel): Filler {
    const other = new Filler(model, this.#visualTokens, this.#runtime);
    other.#words = this.#words;
    other.#patches = this.#patches;
    return other;
  }

  /**
   * Words for the hidden places of a text.
   *
   * @param text with `<mask>` for each hidden word piece, or ids with the tokenizer's `maskId`
   * @throws DataError when nothing is hidden
   */
  async words(text: Text, { picture, top = 5, signal }: WordOptions = {}): Promise<HiddenWord[]> {
    const { texts, pictures } = this.#runtime;
    const { tokenizer } = texts;
    const ids = texts.frame(typeof text === "string" ? this.#idsOf(text) : text);
    const places = [...ids.keys()].filter((place) => ids[place] === tokenizer.maskId);
    if (places.length === 0) throw new DataError(`filler.words: nothing is hidden in ${JSON.stringify(text)}; expected ${maskText} for a word at least.`);
    signal?.throwIfAborted();
    const width = texts.widthOf(ids);
    const run = this.#words.get(`${width} ${picture !== undefined}`, () =>
      compile((model: PretrainingModel, { text: tokens, isPadding }: TextTensors, images?: Tensor) => model.languageHead.forward(model.transformer.forward({ ...(images && { images }), text: tokens, isPadding }).language!), { name: "guess words" }),
    );
    const inputs = texts.tensors([ids], width);
    const images = picture === undefined ? undefined : await pictures.tensor([picture]);
    const result = images ? run(this.#model, inputs, images) : run(this.#model, inputs);
    release(inputs, images);
    const logits = await take(result);
    const rows = logits.length / width;
    return places.map((place) => {
      // Rows beyond the tokenizer's words mean nothing.
      const probabilities = softmax(logits.subarray(place * rows, place * rows + tokenizer.vocabularySize));
      return { place: place - 1, best: bestOf(probabilities, top).map((id) => ({ id, text: tokenizer.decode([id]), probability: probabilities[id]! })) };
    });
  }

  /**
   * Visual tokens for the hidden patches of a picture.
   *
   * @param isHidden for each patch, row by row
   * @throws DataError for another number of patches
   */
  async patches(picture: Picture, isHidden: ArrayLike<boolean | number>, { text, signal }: PatchOptions = {}): Promise<GuessedPatches> {
    const { texts, pictures, device } = this.#runtime;
    const { patchSize } = this.#visualTokens;
    const side = pictures.size / patchSize;
    if (isHidden.length !== side * side) throw new DataError(`filler.patches: ${isHidden.length} patches are said to be hidden or not; the model's pictures have ${side} × ${side}, ${side * side}.`);
    signal?.throwIfAborted();
    const hidden = Uint8Array.from(isHidden, Number);
    const ids = text === undefined ? undefined : texts.frame(text);
    const width = ids && texts.widthOf(ids);
    const run = this.#patches.get(String(width), () =>
      compile(
        (model: PretrainingModel, tokens: PatchTokenizer, { images, isMaskedPatch, texts: given }) => {
          const vision = model.transformer.forward({ images, isMaskedPatch, ...given }).vision!;
          return { logits: model.visionHead.forward(vision.narrow(1, 1, side * side)), actual: tokens.encode(images), colors: tokens.colors() };
        },
        { name: "guess patches" },
      ),
    );
    const inputs = { images: await pictures.tensor([picture]), isMaskedPatch: device.tensor(hidden, { shape: [1, hidden.length], dtype: "bool" }), ...(ids && { texts: texts.tensors([ids], width!) }) };
    const result = run(this.#model, this.#visualTokens, inputs);
    const [logits, actual, colors, pixels] = await Promise.all([numbersOf(result.logits), result.actual.data(), numbersOf(result.colors), numbersOf(inputs.images)]);
    release(result, inputs);
    const { numCodes } = this.#visualTokens;
    const guessed = new Int32Array(hidden.length);
    const probability = new Float32Array(hidden.length);
    for (let patch = 0; patch < hidden.length; patch++) {
      const probabilities = softmax(logits.subarray(patch * numCodes, (patch + 1) * numCodes));
      const [best] = bestOf(probabilities, 1) as [number];
      guessed[patch] = best;
      probability[patch] = probabilities[best]!;
    }
    const image = this.#paint(pixels, { hidden, guessed, colors });
    return { guessed, probability, actual: Int32Array.from(actual), image };
  }

  /** Ids of the text, each `<mask>` its own. */
  #idsOf(text: string): Int32Array {
    const { tokenizer } = this.#runtime.texts;
    const parts = text.split(maskText).map((part) => (part.trim() === "" ? [] : [...tokenizer.tokenize(part)]));
    return Int32Array.from(parts.flatMap((ids, index) => (index === 0 ? ids : [tokenizer.maskId, ...ids])));
  }

  /** The input's pixels as a picture again, and over them what was guessed. */
  #paint(pixels: Float32Array, { hidden, guessed, colors }: { hidden: Uint8Array; guessed: Int32Array; colors: Float32Array }): Image {
    const { size } = this.#runtime.pictures;
    const { patchSize, cellSize, numCodes } = this.#visualTokens;
    const side = size / patchSize;
    const cells = patchSize / cellSize;
    const perCode = colors.length / numCodes;
    const image = createImage(size, size, 3);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const patch = Math.floor(y / patchSize) * side + Math.floor(x / patchSize);
        const cell = Math.floor((y % patchSize) / cellSize) * cells + Math.floor((x % patchSize) / cellSize);
        for (let channel = 0; channel < 3; channel++) {
          const value = hidden[patch] ? colors[guessed[patch]! * perCode + channel * cells * cells + cell]! : pixels[(channel * size + y) * size + x]!;
          image.data[3 * (y * size + x) + channel] = Math.round(Math.min(255, Math.max(0, 127.5 * (value + 1))));
        }
      }
    }
    return image;
  }
}
