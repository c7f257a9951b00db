import { OptionError } from "@multiway/errors";
import type { VqaModel } from "@multiway/head-vqa";
import { compile, type Tensor } from "@multiway/tensor";
import { inBatches, sideBySide } from "../inputs/batches.ts";
import type { Picture } from "../inputs/pictures.ts";
import type { Text, TextTensors } from "../inputs/texts.ts";
import { Programs, release, rowOf, take, type Runtime } from "../runtime.ts";
import { bestOf, sigmoid } from "./ranking.ts";

export interface ScoredAnswer {
  answer: string;
  /** How likely it is right, 0 to 1; the scores of all answers do not add up to 1, since several may be right. */
  score: number;
}

export interface Answer extends ScoredAnswer {
  /** The best answers, best first. */
  best: ScoredAnswer[];
}

export interface AnswerOptions {
  /** How many of the best answers to give. Default 5. */
  top?: number;
  /** Stops between batches. */
  signal?: AbortSignal;
}

/** Answers questions about pictures, choosing among known answers. */
export class QuestionAnswerer {
  /** By number; undefined where the checkpoint was loaded without its list. */
  readonly answers: readonly string[] | undefined;
  readonly #model: VqaModel;
  readonly #runtime: Runtime;
  readonly #programs = new Programs<(model: VqaModel, images: Tensor, texts: TextTensors) => Tensor>();

  constructor(model: VqaModel, runtime: Runtime, answers: readonly string[] | undefined) {
    this.#model = model;
    this.#runtime = runtime;
    this.answers = answers;
  }

  /** @throws OptionError for a model that was loaded without its list of answers; DataError for unequal numbers of pictures and questions */
  answer(picture: Picture, question: Text, options?: AnswerOptions): Promise<Answer>;
  answer(pictures: readonly Picture[], questions: readonly Text[], options?: AnswerOptions): Promise<Answer[]>;
  async answer(pictures: Picture | readonly Picture[], questions: Text | readonly Text[], { top = 5, signal }: AnswerOptions = {}): Promise<Answer | Answer[]> {
    const { answers } = this;
    if (!answers) {
      throw new OptionError(`vqa.answer: the model was loaded without its ${this.#model.numAnswers} answers, which are not part of a checkpoint. Pass \`answers\` to loadBeit3: AnswerList.parse of @multiway/head-vqa reads answer2label.txt.`);
    }
    const { isMany, pairs } = sideBySide("vqa.answer", ["pictures", "questions"], pictures, questions);
    const { texts, pictures: reader, batchSize } = this.#runtime;
    const rows = pairs.map(({ first: picture, second }) => ({ picture, ids: texts.frame(second) }));
    const answered = await inBatches(rows, { batchSize, signal, widthOf: ({ ids }) => texts.widthOf(ids) }, async (batch, width): Promise<Answer[]> => {
      const run = this.#programs.get(width, () => compile((model: VqaModel, images: Tensor, { text, isPadding }: TextTensors) => model.forward({ images, text, isPadding }), { name: "answer" }));
      const images = await reader.tensor(batch.map(({ picture }) => picture));
      const inputs = texts.tensors(batch.map(({ ids }) => ids), width);
      const logits = run(this.#model, images, inputs);
      release(images, inputs);
      const data = await take(logits);
      return batch.map((_, item) => {
        const own = rowOf(data, item, batch.length);
        const best = bestOf(own, Math.max(1, top)).map((index): ScoredAnswer => ({ answer: answers[index]!, score: sigmoid(own[index]!) }));
        return { ...best[0]!, best: best.slice(0, top) };
      });
    });
    return isMany ? answered : answered[0]!;
  }
}
