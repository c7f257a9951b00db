import { OptionError } from "@multiway/errors";
import { Captioner as BeamCaptioner, type CaptioningModel } from "@multiway/head-captioning";
import { inBatches, oneOrAll } from "../inputs/batches.ts";
import type { Picture } from "../inputs/pictures.ts";
import { release, type Runtime } from "../runtime.ts";

export interface GeneratedCaption {
  text: string;
  /** Log probability, divided by the length penalty. */
  score: number;
}

export interface GenerateOptions {
  /** Sentences that are followed at a time. Default 3. */
  numBeams?: number;
  /** A sentence's log probability is divided by its length to this power. Default 0.6. */
  lengthPenalty?: number;
  /** Most tokens of a caption, first and last included. Default: the model's longest text. */
  maxLength?: number;
  /** Stops between words. */
  signal?: AbortSignal;
  /** Is told after each word how the likeliest caption begins so far; the last one may begin otherwise. @param picture its number */
  onWord?: (text: string, picture: number) => void;
}

/** Describes pictures in words. */
export class Captioner {
  readonly #runtime: Runtime;
  readonly #model: CaptioningModel;
  readonly #longest: number;
  #captioner: BeamCaptioner | undefined;

  constructor(model: CaptioningModel, runtime: Runtime, maxTextLength: number) {
    this.#model = model;
    this.#runtime = runtime;
    this.#longest = maxTextLength;
  }

  /** @throws OptionError for captions longer than the model's table of positions; the signal's reason when it is aborted */
  generate(picture: Picture, options?: GenerateOptions): Promise<GeneratedCaption>;
  generate(pictures: readonly Picture[], options?: GenerateOptions): Promise<GeneratedCaption[]>;
  async generate(pictures: Picture | readonly Picture[], { maxLength = this.#longest, signal, onWord, ...search }: GenerateOptions = {}): Promise<GeneratedCaption | GeneratedCaption[]> {
    const { device, texts, pictures: reader, batchSize } = this.#runtime;
    const { tokenizer } = texts;
    const room = this.#model.transformer.positions.language!.weight.shape[0]! - 2;
    if (maxLength > room) throw new OptionError(`captioner.generate: maxLength is ${maxLength}; the model has positions for ${room} tokens. Ask for shorter captions.`, { details: { maxLength, room } });
    const tokens = { first: tokenizer.beginId, last: tokenizer.endId, padding: tokenizer.paddingId, mask: tokenizer.maskId };
    const captioner = (this.#captioner ??= new BeamCaptioner(this.#model, { device, tokens }));
    // Rows of the table that are no token's may be chosen by a model that has learnt little.
    const textOf = (ids: readonly number[]): string => tokenizer.decode(ids.filter((id) => id < tokenizer.vocabularySize));
    return await oneOrAll(pictures, (all: readonly Picture[]) =>
      inBatches([...all.entries()], { batchSize, signal }, async (batch) => {
        const images = await reader.tensor(batch.map(([, picture]) => picture));
        const told = onWord && ((sentences: readonly (readonly number[])[]): void => batch.forEach(([number], item) => onWord(textOf(sentences[item]!), number)));
        try {
          const { captions } = await captioner.generate(images, { maxLength, ...search, ...(signal && { signal }), ...(told && { onWord: told }) });
          return captions.map(({ ids, score }) => ({ text: textOf(ids), score }));
        } finally {
          release(images);
        }
      }),
    );
  }
}
