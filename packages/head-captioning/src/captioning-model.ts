import { Linear, Module, truncatedNormalInitialiser, zeroInitialiser } from "@multiway/nn";
import { arange, concat, constant, zeros, type RandomKey, type Tensor } from "@multiway/tensor";
import { hiddenScore, officialNamesOf, type ForwardOptions, type KeysAndValues, type MultiwayTransformer } from "@multiway/transformer";
import { captioningLoss } from "./captioning-loss.ts";

export interface CaptioningInput {
  /** [batch, 3, height, width] */
  images: Tensor;
  /** Ids, some of them hidden behind the mask: i32 [batch, length] */
  text: Tensor;
  /** Bool [batch, length]: true for padding. */
  isPadding?: Tensor | undefined;
}

export interface CaptioningBatch extends CaptioningInput {
  /** Hidden places as rows of [batch · length], i32 [count]; places that are none, to fill up to a fixed count, may be any */
  positions: Tensor;
  /** The words there, i32 [count]; −1 for none */
  targets: Tensor;
}

export interface CaptioningLossOptions {
  key?: RandomKey | undefined;
  /** Share of a target's weight that all other words divide. Default 0.1. */
  labelSmoothing?: number;
  /** Share of the hidden places that are left out, those with the largest losses: captions are not always right. Default 0; the official training sets 0.2 late. */
  dropWorst?: number;
}

/** What of a picture, and of the words so far, the next words attend to. All of fixed size, so that each step is the same program. */
export interface CaptionState {
  /** By layer: the picture's, [rows, 1 + patches, heads, width of a head] */
  picture: KeysAndValues[];
  /** By layer: the words', [rows, capacity, heads, width of a head] */
  words: KeysAndValues[];
}

/** What {@link CaptioningModel.step} gives. */
export interface CaptionStep {
  logProbabilities: Tensor;
  state: CaptionState;
  logits: Tensor;
  own: KeysAndValues[];
  attention?: Tensor[];
  hidden?: Tensor[];
}

/**
 * Writes captions: reads a picture and the words so far, and guesses the word behind a mask at the end.
 *
 * Source: microsoft/unilm: beit3/modeling_finetune.py (BEiT3ForCaptioning).
 */
export class CaptioningModel extends Module {
  /** Of `beit3_*_coco_captioning.pth` and `beit3_*_nocaps.pth`. */
  static readonly officialNames = officialNamesOf("transformer", { "wordHead.weight": "mlm_head.weight", "wordHead.bias": "mlm_head.bias" });

  transformer: MultiwayTransformer;
  wordHead: Linear;

  constructor(transformer: MultiwayTransformer) {
    super();
    this.transformer = transformer;
    this.wordHead = new Linear(transformer.embedDim, transformer.textEmbedding.weight.shape[0]!, { weight: truncatedNormalInitialiser(0.02, 0.02), biasInitialiser: zeroInitialiser });
  }

  /** @returns logits at every place, [batch, length, vocabulary]: of the word at that place, not the next */
  forward(input: CaptioningInput, options: { key?: RandomKey | undefined } = {}): Tensor {
    return this.wordHead.forward(this.transformer.encodeForCaptioning(input, options).language);
  }

  /**
   * The divergence of the guesses from smoothed targets at the hidden places, averaged.
   *
   * @returns loss in nats; accuracy, the share of hidden words that are guessed
   */
  loss({ positions, targets, ...input }: CaptioningBatch, options: CaptioningLossOptions = {}): { loss: Tensor; accuracy: Tensor } {
    const { language } = this.transformer.encodeForCaptioning(input, { key: options.key });
    const hidden = language.flatten(0, 1).gather(positions);
    return captioningLoss(this.wordHead.forward(hidden), targets, options);
  }

  /** @param images [pictures, 3, height, width] @param numBeams rows of the state for each picture @param capacity most words that will be kept */
  begin(images: Tensor, numBeams: number, capacity: number): CaptionState {
    // The picture sees no text, so that its part never changes.
    const { own } = this.transformer.forward({ images }, { fused: true, own: true });
    const rows = arange(images.shape[0]! * numBeams).div(numBeams);
    const picture = own!.map(({ vision }) => ({ keys: vision!.keys.gather(rows), values: vision!.values.gather(rows) }));
    const empty = ({ keys }: KeysAndValues): Tensor => zeros([keys.shape[0]!, capacity, ...keys.shape.slice(2)]);
    return { picture, words: picture.map((layer) => ({ keys: empty(layer), values: empty(layer) })) };
  }

  /**
   * One more word of each sentence.
   *
   * @param state     of {@link CaptioningModel.begin}, or of the step before
   * @param tokens    i32 [rows, 2]: the last word and the mask
   * @param continues i32 [rows]: the row of the step before that each row goes on from
   * @param length    i32 scalar: tokens of each row so far, these two included
   * @param options   `attention`: by layer, what the two places attend to, [rows, heads, 2, 1 + patches + capacity + 2]; `hidden`: their states before each layer and after the last
   * @returns         log probabilities [rows, vocabulary] at the mask; the state with the last word, but without the mask; both places' logits and the mask's keys and values
   */
  step(state: CaptionState, tokens: Tensor, continues: Tensor, length: Tensor, options: Pick<ForwardOptions, "attention" | "hidden"> = {}): CaptionStep {
    const { transformer } = this;
    const capacity = state.words[0]!.keys.shape[1]!;
    const pictureLength = state.picture[0]!.keys.shape[1]!;
    const before = state.words.map(({ keys, values }) => ({ keys: keys.gather(continues), values: values.gather(continues) }));
    const place = length.sub(2);
    // Words that are there, and of the two new tokens those that are not to the right.
    const isLater = arange(capacity).greaterEqual(place).where(hiddenScore, 0).reshape([1, 1, 1, capacity]).expand([1, 1, 2, capacity]);
    const ofMask = constant([[0, hiddenScore], [0, 0]]).reshape([1, 1, 2, 2]);
    const bias = { language: concat([zeros([1, 1, 2, pictureLength]), isLater, ofMask], 3) };
    // The word at index i has row i + 2 of the table.
    const { language } = transformer.embed({ text: tokens, textPositions: arange(2).add(length).unsqueeze(0) });
    const output = transformer.encoder.forward({ language: language! }, { ...options, bias, fused: true, own: true, past: state.picture.map((layer, index) => [layer, before[index]!]) });
    const own = output.own!.map((layer) => layer.language!);
    const isPlace = arange(capacity).equal(place).reshape([1, capacity, 1, 1]);
    const put = (kept: Tensor, added: Tensor): Tensor => isPlace.where(added.narrow(1, 0, 1), kept);
    const words = before.map(({ keys, values }, index) => ({ keys: put(keys, own[index]!.keys), values: put(values, own[index]!.values) }));
    const logits = this.wordHead.forward(output.language!);
    const step: CaptionStep = { logProbabilities: logits.slice([null, 1]).logSoftmax(), state: { picture: state.picture, words }, logits, own };
    if (output.attention) step.attention = output.attention.map((layer) => layer.language!);
    if (output.hidden) step.hidden = output.hidden.map((layer) => layer.language!);
    return step;
  }
}
