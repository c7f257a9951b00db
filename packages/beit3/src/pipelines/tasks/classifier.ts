import type { ClassificationModel } from "@multiway/head-classification";
import { compile, type Tensor } from "@multiway/tensor";
import { inBatches, oneOrAll } from "../inputs/batches.ts";
import type { Picture } from "../inputs/pictures.ts";
import { release, rowOf, take, type Runtime } from "../runtime.ts";
import { bestOf, softmax, type Choice } from "./ranking.ts";

export interface ClassifyOptions {
  /** How many of the best classes to give. Default 5. */
  top?: number;
  /** Stops between batches. */
  signal?: AbortSignal;
}

/** Sorts pictures into the classes that the model was trained on. */
export class Classifier {
  /** By number; undefined where the checkpoint was loaded without them. */
  readonly classes: readonly string[] | undefined;
  readonly #model: ClassificationModel;
  readonly #runtime: Runtime;
  readonly #run = compile((model: ClassificationModel, images: Tensor) => model.forward(images), { name: "classify" });

  constructor(model: ClassificationModel, runtime: Runtime, classes: readonly string[] | undefined) {
    this.#model = model;
    this.#runtime = runtime;
    this.classes = classes;
  }

  /** @returns the best classes, best first */
  classify(picture: Picture, options?: ClassifyOptions): Promise<Choice[]>;
  classify(pictures: readonly Picture[], options?: ClassifyOptions): Promise<Choice[][]>;
  async classify(pictures: Picture | readonly Picture[], { top = 5, signal }: ClassifyOptions = {}): Promise<Choice[] | Choice[][]> {
    const { pictures: reader, batchSize } = this.#runtime;
    return await oneOrAll(pictures, (all: readonly Picture[]) =>
      inBatches(all, { batchSize, signal }, async (batch) => {
        const images = await reader.tensor(batch);
        const logits = this.#run(this.#model, images);
        release(images);
        const data = await take(logits);
        return batch.map((_, item) => {
          const probabilities = softmax(rowOf(data, item, batch.length));
          return bestOf(probabilities, top).map((index): Choice => ({ index, name: this.classes?.[index], probability: probabilities[index]! }));
        });
      }),
    );
  }
}
