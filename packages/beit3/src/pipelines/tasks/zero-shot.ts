import { OptionError } from "@multiway/errors";
import type { RetrievalModel } from "@multiway/head-retrieval";
import type { Encoder } from "../encode/encoder.ts";
import { oneOrAll } from "../inputs/batches.ts";
import type { Picture } from "../inputs/pictures.ts";
import { product, VectorMaker } from "./dual.ts";
import { bestOf, softmax, type Choice } from "./ranking.ts";

export interface ZeroShotOptions {
  /** Sentences for a class, with `{}` for its name; the vector of a class is the mean of theirs. Default: the model's, or "a photo of a {}". */
  templates?: readonly string[];
  /** How many of the best classes to give. Default: all. */
  top?: number;
  /** Stops between batches. */
  signal?: AbortSignal;
}

/** A choice with the cosine that it was made by. */
export interface ZeroShotChoice extends Choice {
  name: string;
  similarity: number;
}

const usualTemplates = ["a photo of a {}"];

/** Classifies pictures by the names of classes, without having been trained on them (Radford et al. 2021, "CLIP", section 3.1). */
export class ZeroShotClassifier {
  /** Those to choose from unless others are given. */
  readonly classes: readonly string[] | undefined;
  readonly #model: RetrievalModel;
  readonly #vectors: VectorMaker;
  readonly #templates: readonly string[];
  #scale: number | undefined;

  constructor(model: RetrievalModel, encoder: Encoder, { classes, templates = usualTemplates }: { classes?: readonly string[] | undefined; templates?: readonly string[] | undefined } = {}) {
    this.#model = model;
    this.#vectors = new VectorMaker(encoder);
    this.#templates = templates;
    this.classes = classes;
  }

  /**
   * @param names  of the classes. Default: the model's, if it has some
   * @returns      best first; probabilities by the model's own scale of similarities
   */
  classify(picture: Picture, names?: readonly string[], options?: ZeroShotOptions): Promise<ZeroShotChoice[]>;
  classify(pictures: readonly Picture[], names?: readonly string[], options?: ZeroShotOptions): Promise<ZeroShotChoice[][]>;
  async classify(pictures: Picture | readonly Picture[], names: readonly string[] = this.classes ?? [], { templates = this.#templates, top = Infinity, signal }: ZeroShotOptions = {}): Promise<ZeroShotChoice[] | ZeroShotChoice[][]> {
    if (names.length === 0) throw new OptionError("zeroShot.classify: no names of classes are given, and the model has none of its own; expected at least one.");
    const unfit = templates.find((template) => !template.includes("{}"));
    if (unfit !== undefined || templates.length === 0) throw new OptionError(`zeroShot.classify: ${unfit === undefined ? "there are no templates" : `the template ${JSON.stringify(unfit)} has no place for a name`}; expected sentences such as "a photo of a {}".`);
    const classes = await this.#classVectors(names, templates, signal);
    const scale = (this.#scale ??= Math.exp(await this.#model.logitScale.item()));
    return await oneOrAll(pictures, async (all: readonly Picture[]) => {
      const vectors = await this.#vectors.images(all, signal);
      return vectors.map((vector) => {
        const similarities = classes.map((one) => product(vector, one));
        const probabilities = softmax(similarities.map((similarity) => scale * similarity));
        return bestOf(similarities, top).map((index) => ({ index, name: names[index]!, probability: probabilities[index]!, similarity: similarities[index]! }));
      });
    });
  }

  async #classVectors(names: readonly string[], templates: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const texts = names.flatMap((name) => templates.map((template) => template.replaceAll("{}", () => name)));
    const vectors = await this.#vectors.texts(texts, signal);
    return names.map((_, index) => unitMean(vectors.slice(index * templates.length, (index + 1) * templates.length)));
  }
}

function unitMean(vectors: readonly Float32Array[]): Float32Array {
  if (vectors.length === 1) return vectors[0]!;
  const sum = vectors[0]!.map((_, index) => vectors.reduce((total, vector) => total + vector[index]!, 0));
  const norm = Math.sqrt(product(sum, sum)) || 1;
  return sum.map((value) => value / norm);
}
