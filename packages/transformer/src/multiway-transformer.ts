import { formatShape, OptionError, ShapeError } from "@multiway/errors";
import { Embedding, Module, normalInitialiser } from "@multiway/nn";
import type { Initialiser, Tensor } from "@multiway/tensor";
import { PositionEmbedding, VisionEmbedding } from "./embeddings.ts";
import { MultiwayEncoder, type EncodeOptions, type EncoderOutput, type MultiwayEncoderOptions } from "./encoder.ts";
import { Experts, type ByModality } from "./experts.ts";
import { attentionBias, captioningMask } from "./masks.ts";
import { officialNamesOf } from "./official-names.ts";

export interface MultiwayTransformerOptions extends MultiwayEncoderOptions {
  /** Height and width of pictures, pixels. */
  imageSize: number;
  /** Height and width of a patch, pixels. */
  patchSize: number;
  /** Rows of the text table. */
  vocabularySize: number;
  /** Rows of the text position table; two more than the longest text. Default 1024. */
  textPositions?: number;
  /** First values of the position tables. Default: normal with deviation 1, as TorchScale begins; a short training wants them about as large as the embeddings that they join. */
  positionInitialisers?: ByModality<Initialiser>;
}

/** Pictures, texts, or pairs of them, and what of them is hidden. */
export interface MultiwayInput {
  /** [batch, 3, height, width] */
  images?: Tensor | undefined;
  /** Token ids, i32 [batch, length] */
  text?: Tensor | undefined;
  /** Bool [batch, length]: true for padding. */
  isPadding?: Tensor | undefined;
  /** Bool [batch, patches]: patches replaced by the mask vector. */
  isMaskedPatch?: Tensor | undefined;
  /** Rows of the text position table, i32 [batch or 1, length]; default 2, 3, … */
  textPositions?: Tensor | undefined;
  /** Bool [length, length] over image and text tokens, in the encoder's order: pairs that do not see each other. */
  isHidden?: Tensor | undefined;
}

export type ForwardOptions = Omit<EncodeOptions, "bias" | "past">;

/**
 * The model of BEiT-3: embeddings and one Multiway encoder, which reads pictures, texts, or both.
 *
 * Its five uses are methods: {@link MultiwayTransformer.encodeVision}, {@link MultiwayTransformer.encodeLanguage},
 * {@link MultiwayTransformer.encodeFusion}, {@link MultiwayTransformer.encodeDual} and {@link MultiwayTransformer.encodeForCaptioning}.
 * An image's tokens are its class vector and then its patches, row by row.
 */
export class MultiwayTransformer extends Module {
  static readonly officialNames = officialNamesOf("");
  textEmbedding: Embedding;
  visionEmbedding: VisionEmbedding;
  positions: Experts<PositionEmbedding>;
  encoder: MultiwayEncoder;
  readonly embedDim: number;
  readonly imageSize: number;
  readonly patchSize: number;

  constructor(options: MultiwayTransformerOptions) {
    super();
    const { embedDim, imageSize, patchSize, vocabularySize, textPositions = 1024 } = options;
    if (imageSize % patchSize !== 0) throw new OptionError(`MultiwayTransformer: imageSize ${imageSize} with patchSize ${patchSize}; expected a multiple.`);
    if (embedDim % options.numHeads !== 0) throw new OptionError(`MultiwayTransformer: embedDim ${embedDim} with ${options.numHeads} heads; expected a multiple.`);
    this.textEmbedding = new Embedding(vocabularySize, embedDim, { weight: normalInitialiser(1 / Math.sqrt(embedDim)) });
    this.visionEmbedding = new VisionEmbedding({ patchSize, embedDim });
    const { vision = normalInitialiser(1), language = normalInitialiser(1) } = options.positionInitialisers ?? {};
    const tables = [
      { rows: (imageSize / patchSize) ** 2 + 3, weight: vision },
      { rows: textPositions, weight: language },
    ];
    this.positions = new Experts("byModality", () => {
      const { rows, weight } = tables.shift()!;
      return new PositionEmbedding(rows, embedDim, { weight });
    });
    this.encoder = new MultiwayEncoder(options);
    this.embedDim = embedDim;
    this.imageSize = imageSize;
    this.patchSize = patchSize;
  }

  /** Number of patches of a picture. */
  get numPatches(): number {
    return (this.imageSize / this.patchSize) ** 2;
  }

  /** The input of the first layer: embeddings and positions, zero where padded. */
  embed({ images, text, isPadding, isMaskedPatch, textPositions }: MultiwayInput): ByModality<Tensor> {
    const tokens: ByModality<Tensor> = {};
    if (images) {
      const [, channels, height, width] = images.shape;
      if (images.rank !== 4 || channels !== 3 || height !== this.imageSize || width !== this.imageSize) {
        throw new ShapeError(`MultiwayTransformer: images have shape ${formatShape(images.shape)}; expected [batch, 3, ${this.imageSize}, ${this.imageSize}]. Resize the pictures, or make the model for another size.`, {
          details: { shape: images.shape },
        });
      }
      const x = this.visionEmbedding.forward(images, isMaskedPatch);
      tokens.vision = x.add(this.positions.vision!.forward(x.shape[1]!));
    }
    if (text) {
      if (text.rank !== 2) throw new ShapeError(`MultiwayTransformer: text has shape ${formatShape(text.shape)}; expected ids [batch, length].`, { details: { shape: text.shape } });
      const x = this.textEmbedding.forward(text).add(this.positions.language!.forward(text.shape[1]!, textPositions));
      tokens.language = isPadding ? x.mul(isPadding.cast("bool").not().cast("f32").unsqueeze(-1)) : x;
    }
    if (!images && !text) throw new OptionError("MultiwayTransformer: neither images nor text were given; expected at least one.");
    if (images && text && images.shape[0] !== text.shape[0]) {
      throw new ShapeError(`MultiwayTransformer: ${images.shape[0]} pictures beside ${text.shape[0]} texts; expected as many of each. For all pairs use encodeDual.`);
    }
    return tokens;
  }

  /** Whatever is given, through embeddings and encoder. The uses below name the cases. */
  forward(input: MultiwayInput, options: ForwardOptions = {}): EncoderOutput {
    const tokens = this.embed(input);
    const lengths = { vision: tokens.vision?.shape[1] ?? 0, language: tokens.language?.shape[1] ?? 0 };
    return this.encoder.forward(tokens, { ...options, bias: attentionBias(lengths, { isPadding: input.isPadding, isHidden: input.isHidden }, this.encoder.order) });
  }

  /** Use a: pictures alone. @returns `vision` [batch, 1 + patches, embedDim] */
  encodeVision(images: Tensor, { isMaskedPatch, ...options }: ForwardOptions & { isMaskedPatch?: Tensor } = {}): EncoderOutput & { vision: Tensor } {
    return this.forward({ images, isMaskedPatch }, options) as EncoderOutput & { vision: Tensor };
  }

  /** Use b: texts alone. @returns `language` [batch, length, embedDim] */
  encodeLanguage(text: Tensor, { isPadding, ...options }: ForwardOptions & { isPadding?: Tensor } = {}): EncoderOutput & { language: Tensor } {
    return this.forward({ text, isPadding }, options) as EncoderOutput & { language: Tensor };
  }

  /** Use c: picture and text as one sequence, in which all see all. @returns `vision` and `language` */
  encodeFusion(input: MultiwayInput & { images: Tensor; text: Tensor }, options: ForwardOptions = {}): EncoderOutput & { vision: Tensor; language: Tensor } {
    return this.forward(input, options) as EncoderOutput & { vision: Tensor; language: Tensor };
  }

  /**
   * Use d: pictures and texts apart from each other, for comparing any with any.
   *
   * @returns `vision` and `language`; the batches may differ in size. What was asked for beside has both in each layer, and no attention from one to the other
   */
  encodeDual(input: MultiwayInput & { images: Tensor; text: Tensor }, options: ForwardOptions = {}): EncoderOutput & { vision: Tensor; language: Tensor } {
    const { images, isMaskedPatch, text, isPadding, textPositions } = input;
    return besideEachOther(this.forward({ images, isMaskedPatch }, options), this.forward({ text, isPadding, textPositions }, options)) as EncoderOutput & { vision: Tensor; language: Tensor };
  }

  /** Use e: as fusion, but text sees only itself to its left, and the picture sees no text: for writing captions word by word. */
  encodeForCaptioning(input: MultiwayInput & { images: Tensor; text: Tensor }, options: ForwardOptions = {}): EncoderOutput & { vision: Tensor; language: Tensor } {
    const isHidden = captioningMask({ vision: this.numPatches + 1, language: input.text.shape[1]! }, this.encoder.order);
    return this.encodeFusion({ ...input, isHidden }, options);
  }
}

/** What two runs of one modality each gave, as one output. */
function besideEachOther(a: EncoderOutput, b: EncoderOutput): EncoderOutput {
  const layers = <T>(x: ByModality<T>[], y: ByModality<T>[]): ByModality<T>[] => x.map((layer, index) => ({ ...layer, ...y[index] }));
  const output: EncoderOutput = { ...a, ...b };
  if (a.hidden && b.hidden) output.hidden = layers(a.hidden, b.hidden);
  if (a.attention && b.attention) output.attention = layers(a.attention, b.attention);
  if (a.own && b.own) output.own = layers(a.own, b.own);
  return output;
}
