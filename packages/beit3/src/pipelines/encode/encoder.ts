import { compile, type Tensor } from "@multiway/tensor";
import type { ByModality, EncoderOutput, MultiwayTransformer } from "@multiway/transformer";
import type { RetrievalModel } from "@multiway/head-retrieval";
import type { Module } from "@multiway/nn";
import { inBatches, sideBySide } from "../inputs/batches.ts";
import type { Picture } from "../inputs/pictures.ts";
import type { Text } from "../inputs/texts.ts";
import { Programs, numbersOf, release, rowOf, type Runtime } from "../runtime.ts";
import { crop, type BatchValues } from "./crop.ts";
import type { EncodeOptions, Encoding, OfPair, PairEncoding, Values } from "./encodings.ts";

/** What is asked for, without the signal: part of a program's key. */
interface Extras {
  tokens: boolean;
  hiddenStates: boolean;
  attentions: boolean;
}

/** A batch's results. */
interface Encoded<Vectors> {
  vectors: Vectors;
  tokens?: ByModality<Tensor>;
  hiddenStates?: ByModality<Tensor>[];
  attentions?: ByModality<Tensor>[];
}

/** As {@link Encoded}, on the host. */
interface Fetched {
  tokens?: ByModality<BatchValues>;
  hiddenStates?: ByModality<BatchValues>[];
  attentions?: ByModality<BatchValues>[];
}

type EncoderModel = Module & { transformer: MultiwayTransformer };
type Encode<Vectors> = (model: EncoderModel, inputs: { images?: Tensor; text?: Tensor; isPadding?: Tensor }) => Encoded<Vectors>;

/** Pictures, texts and pairs to vectors, with any model's encoder. */
export class Encoder {
  readonly #model: EncoderModel;
  readonly #runtime: Runtime;
  readonly #alone = new Programs<Encode<Tensor>>();
  readonly #pairs = new Programs<Encode<{ image: Tensor; text: Tensor; joint: Tensor }>>();

  constructor(model: EncoderModel, runtime: Runtime) {
    this.#model = model;
    this.#runtime = runtime;
  }

  async images(pictures: readonly Picture[], options: EncodeOptions = {}): Promise<Encoding[]> {
    const { pictures: reader, batchSize } = this.#runtime;
    const extras = extrasOf(options);
    const run = this.#alone.get(`images ${keyOf(extras)}`, () =>
      compile((model: EncoderModel, { images }) => ({ vectors: imageVectors(model, images!), ...extrasIn(model.transformer.encodeVision(images!, asked(extras)), extras) }), { name: "encode images" }),
    );
    return await inBatches(pictures, { batchSize, signal: options.signal }, async (batch) => {
      const images = await reader.tensor(batch);
      const { vectors, ...rest } = run(this.#model, { images });
      release(images);
      const [data, fetched] = await Promise.all([numbersOf(vectors), fetchAll(rest)]);
      release(vectors, rest);
      return batch.map((_, item) => ({ vector: rowOf(data, item, batch.length), ...ofOne(fetched, item, "vision") }));
    });
  }

  async texts(texts: readonly Text[], options: EncodeOptions = {}): Promise<Encoding[]> {
    const { texts: reader, batchSize } = this.#runtime;
    const extras = extrasOf(options);
    const rows = texts.map((text) => reader.frame(text));
    return await inBatches(rows, { batchSize, signal: options.signal, widthOf: (ids) => reader.widthOf(ids) }, async (batch, width) => {
      const run = this.#alone.get(`texts ${width} ${keyOf(extras)}`, () =>
        compile((model: EncoderModel, { text, isPadding }) => ({ vectors: textVectors(model, text!, isPadding!), ...extrasIn(model.transformer.encodeLanguage(text!, { isPadding: isPadding!, ...asked(extras) }), extras) }), { name: "encode texts" }),
      );
      const inputs = reader.tensors(batch, width);
      const { vectors, ...rest } = run(this.#model, { ...inputs });
      release(inputs);
      const [data, fetched] = await Promise.all([numbersOf(vectors), fetchAll(rest)]);
      release(vectors, rest);
      return batch.map((ids, item) => ({ vector: rowOf(data, item, batch.length), ...ofOne(fetched, item, "language", ids.length) }));
    });
  }

  async pairs(pictures: Picture | readonly Picture[], texts: Text | readonly Text[], options: EncodeOptions = {}): Promise<PairEncoding | PairEncoding[]> {
    const { isMany, pairs } = sideBySide("encodePair", ["pictures", "texts"], pictures, texts);
    const { texts: reader, pictures: pictureReader, batchSize } = this.#runtime;
    const extras = extrasOf(options);
    const rows = pairs.map(({ first: picture, second }) => ({ picture, ids: reader.frame(second) }));
    const encoded = await inBatches(rows, { batchSize, signal: options.signal, widthOf: ({ ids }) => reader.widthOf(ids) }, async (batch, width): Promise<PairEncoding[]> => {
      const run = this.#pairs.get(`${width} ${keyOf(extras)}`, () =>
        compile(
          (model: EncoderModel, { images, text, isPadding }) => {
            const fused = model.transformer.encodeFusion({ images: images!, text: text!, isPadding }, asked(extras));
            return { vectors: { image: imageVectors(model, images!), text: textVectors(model, text!, isPadding!), joint: fused.vision.slice([null, 0]) }, ...extrasIn(fused, extras) };
          },
          { name: "encode pairs" },
        ),
      );
      const inputs = { images: await pictureReader.tensor(batch.map(({ picture }) => picture)), ...reader.tensors(batch.map(({ ids }) => ids), width) };
      const { vectors, ...rest } = run(this.#model, inputs);
      release(inputs);
      const [image, text, joint, fetched] = await Promise.all([numbersOf(vectors.image), numbersOf(vectors.text), numbersOf(vectors.joint), fetchAll(rest)]);
      release(vectors, rest);
      return batch.map(({ ids }, item) => ({
        image: rowOf(image, item, batch.length),
        text: rowOf(text, item, batch.length),
        joint: rowOf(joint, item, batch.length),
        ...ofPair(fetched, item, ids.length),
      }));
    });
    return isMany ? encoded : encoded[0]!;
  }
}

const extrasOf = ({ tokens = false, hiddenStates = false, attentions = false }: EncodeOptions): Extras => ({ tokens, hiddenStates, attentions });
const keyOf = (extras: Extras): string => Object.values(extras).map(Number).join("");
const asked = ({ hiddenStates, attentions }: Extras) => ({ hidden: hiddenStates, attention: attentions });

const isDual = (model: EncoderModel): model is RetrievalModel => "encodeImages" in model && "encodeTexts" in model;
/** What these compute is part of what else is asked of the encoder: common parts are computed once. */
const imageVectors = (model: EncoderModel, images: Tensor): Tensor => (isDual(model) ? model.encodeImages(images) : model.transformer.encodeVision(images).vision.slice([null, 0]));
const textVectors = (model: EncoderModel, text: Tensor, isPadding: Tensor): Tensor => (isDual(model) ? model.encodeTexts(text, isPadding) : model.transformer.encodeLanguage(text, { isPadding }).language.slice([null, 0]));

function extrasIn({ vision, language, hidden, attention }: EncoderOutput, { tokens }: Extras): Omit<Encoded<never>, "vectors"> {
  return { ...(tokens && { tokens: { ...(vision && { vision }), ...(language && { language }) } }), ...(hidden && { hiddenStates: hidden }), ...(attention && { attentions: attention }) };
}

async function fetchAll({ tokens, hiddenStates, attentions }: Omit<Encoded<never>, "vectors">): Promise<Fetched> {
  const one = async (part: ByModality<Tensor>): Promise<ByModality<BatchValues>> => {
    const entries = Object.entries(part) as [keyof ByModality<Tensor>, Tensor][];
    return Object.fromEntries(await Promise.all(entries.map(async ([modality, tensor]) => [modality, { shape: tensor.shape, data: await numbersOf(tensor) }] as const)));
  };
  const all = (parts: ByModality<Tensor>[]) => Promise.all(parts.map(one));
  return { ...(tokens && { tokens: await one(tokens) }), ...(hiddenStates && { hiddenStates: await all(hiddenStates) }), ...(attentions && { attentions: await all(attentions) }) };
}

/** One item's tokens, [length, embedDim]. */
const tokensOf = (values: BatchValues, item: number, length = values.shape[1]!): Values => crop(values, item, [length, values.shape[2]!]);
/** One item's attention, [heads, queries, keys]. */
const attentionOf = (values: BatchValues, item: number, queries = values.shape[2]!, keys = values.shape[3]!): Values => crop(values, item, [values.shape[1]!, queries, keys]);

function ofOne({ tokens, hiddenStates, attentions }: Fetched, item: number, modality: "vision" | "language", length?: number): Omit<Encoding, "vector"> {
  return {
    ...(tokens && { tokens: tokensOf(tokens[modality]!, item, length) }),
    ...(hiddenStates && { hiddenStates: hiddenStates.map((layer) => tokensOf(layer[modality]!, item, length)) }),
    ...(attentions && { attentions: attentions.map((layer) => attentionOf(layer[modality]!, item, length, length)) }),
  };
}

function ofPair({ tokens, hiddenStates, attentions }: Fetched, item: number, length: number): Pick<PairEncoding, "tokens" | "hiddenStates" | "attentions"> {
  const both = ({ vision, language }: ByModality<BatchValues>): OfPair<Values> => ({ vision: tokensOf(vision!, item), language: tokensOf(language!, item, length) });
  return {
    ...(tokens && { tokens: both(tokens) }),
    ...(hiddenStates && { hiddenStates: hiddenStates.map(both) }),
    ...(attentions && {
      attentions: attentions.map(({ vision, language }) => {
        const keys = vision!.shape[2]! + length;
        return { vision: attentionOf(vision!, item, undefined, keys), language: attentionOf(language!, item, length, keys) };
      }),
    }),
  };
}

