import { DataError } from "@multiway/errors";
import type { ReasoningModel } from "@multiway/head-reasoning";
import { compile, type Tensor } from "@multiway/tensor";
import { inBatches, sideBySide } from "../inputs/batches.ts";
import type { Picture } from "../inputs/pictures.ts";
import type { Text, TextTensors } from "../inputs/texts.ts";
import { Programs, release, rowOf, take, type Runtime } from "../runtime.ts";
import { softmax } from "./ranking.ts";

export interface Judgement {
  isTrue: boolean;
  /** That the sentence is true, 0 to 1. */
  probability: number;
}

export interface JudgeOptions {
  /** Stops between batches. */
  signal?: AbortSignal;
}

/** Says whether sentences are true of two pictures each. */
export class Reasoner {
  readonly #model: ReasoningModel;
  readonly #runtime: Runtime;
  readonly #programs = new Programs<(model: ReasoningModel, images: Tensor, texts: TextTensors) => Tensor>();

  constructor(model: ReasoningModel, runtime: Runtime) {
    this.#model = model;
    this.#runtime = runtime;
  }

  /** @throws DataError for unequal numbers of pictures and sentences */
  judge(left: Picture, right: Picture, sentence: Text, options?: JudgeOptions): Promise<Judgement>;
  judge(left: readonly Picture[], right: readonly Picture[], sentences: readonly Text[], options?: JudgeOptions): Promise<Judgement[]>;
  async judge(left: Picture | readonly Picture[], right: Picture | readonly Picture[], sentences: Text | readonly Text[], { signal }: JudgeOptions = {}): Promise<Judgement | Judgement[]> {
    const lefts = sideBySide("reasoner.judge", ["left pictures", "sentences"], left, sentences);
    const rights = sideBySide("reasoner.judge", ["right pictures", "sentences"], right, sentences);
    if (lefts.pairs.length !== rights.pairs.length) throw new DataError(`reasoner.judge: ${lefts.pairs.length} left pictures beside ${rights.pairs.length} right ones; expected as many of each.`);
    const { texts, pictures: reader, batchSize } = this.#runtime;
    const { size } = reader;
    const rows = lefts.pairs.map(({ first, second }, index) => ({ left: first, right: rights.pairs[index]!.first, ids: texts.frame(second) }));
    const judged = await inBatches(rows, { batchSize, signal, widthOf: ({ ids }) => texts.widthOf(ids) }, async (batch, width): Promise<Judgement[]> => {
      const run = this.#programs.get(width, () => compile((model: ReasoningModel, images: Tensor, { text, isPadding }: TextTensors) => model.forward({ images: images.reshape([images.shape[0]! / 2, 2, 3, size, size]), text, isPadding }), { name: "judge" }));
      const images = await reader.tensor(batch.flatMap((row) => [row.left, row.right]));
      const inputs = texts.tensors(batch.map(({ ids }) => ids), width);
      const logits = run(this.#model, images, inputs);
      release(images, inputs);
      const data = await take(logits);
      return batch.map((_, item) => {
        const [, probability] = softmax(rowOf(data, item, batch.length)) as unknown as [number, number];
        return { isTrue: probability > 0.5, probability };
      });
    });
    return lefts.isMany ? judged : judged[0]!;
  }
}
