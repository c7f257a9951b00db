import { formatList, OptionError } from "@multiway/errors";
import type { Module } from "@multiway/nn";
import type { Device } from "@multiway/tensor";
import type { MultiwayTransformer } from "@multiway/transformer";
import type { Encoder } from "./encode/encoder.ts";
import type { EncodeOptions, Encoding, PairEncoding } from "./encode/encodings.ts";
import type { ModelDescription, ModelTask } from "./folder/description.ts";
import { oneOrAll } from "./inputs/batches.ts";
import type { Picture } from "./inputs/pictures.ts";
import type { TextTokenizer } from "./inputs/text-tokenizer.ts";
import type { Text } from "./inputs/texts.ts";
import { release } from "./runtime.ts";
import type { Captioner } from "./tasks/captioner.ts";
import type { Classifier } from "./tasks/classifier.ts";
import type { Filler } from "./tasks/filler.ts";
import type { Reasoner } from "./tasks/reasoner.ts";
import type { Retriever } from "./tasks/retriever.ts";
import type { QuestionAnswerer } from "./tasks/vqa.ts";
import type { ZeroShotClassifier } from "./tasks/zero-shot.ts";

/** What heads can do, by the name that it is asked for. */
export interface Pipelines {
  vqa: QuestionAnswerer;
  captioner: Captioner;
  retriever: Retriever;
  zeroShot: ZeroShotClassifier;
  reasoner: Reasoner;
  classifier: Classifier;
  filler: Filler;
}

/** What each is for, and the task whose models have it. */
const purposes: Readonly<Record<keyof Pipelines, readonly [purpose: string, task: ModelTask]>> = {
  vqa: ["answers questions", "vqa"],
  captioner: ["writes captions", "captioning"],
  retriever: ["ranks pictures and texts", "retrieval"],
  zeroShot: ["classifies by names", "retrieval"],
  reasoner: ["judges sentences about two pictures", "reasoning"],
  classifier: ["classifies", "classification"],
  filler: ["guesses what is hidden", "pretraining"],
};

interface Parts {
  description: ModelDescription;
  model: Module & { transformer: MultiwayTransformer };
  device: Device;
  tokenizer: TextTokenizer | undefined;
  encoder: Encoder;
  pipelines: Partial<Pipelines>;
}

/**
 * A loaded model. Every model encodes; what else it does depends on its head.
 *
 * One in, one out; arrays in, arrays out. Calls may overlap: the device takes them in turn.
 */
export class Beit3 implements Disposable {
  readonly task: ModelTask;
  readonly description: ModelDescription;
  /** The model itself, for what no pipeline does. */
  readonly model: Module & { transformer: MultiwayTransformer };
  readonly device: Device;
  readonly tokenizer: TextTokenizer | undefined;
  readonly #encoder: Encoder;
  readonly #pipelines: Partial<Pipelines>;

  /** Of {@link loadBeit3}. */
  constructor({ description, model, device, tokenizer, encoder, pipelines }: Parts) {
    this.task = description.task;
    this.description = description;
    this.model = model;
    this.device = device;
    this.tokenizer = tokenizer;
    this.#encoder = encoder;
    this.#pipelines = pipelines;
  }

  /** Pictures by themselves, as vectors. */
  encodeImage(picture: Picture, options?: EncodeOptions): Promise<Encoding>;
  encodeImage(pictures: readonly Picture[], options?: EncodeOptions): Promise<Encoding[]>;
  encodeImage(pictures: Picture | readonly Picture[], options: EncodeOptions = {}): Promise<Encoding | Encoding[]> {
    return oneOrAll(pictures, (all: readonly Picture[]) => this.#encoder.images(all, options));
  }

  /** Texts by themselves, as vectors. */
  encodeText(text: Text, options?: EncodeOptions): Promise<Encoding>;
  encodeText(texts: readonly Text[], options?: EncodeOptions): Promise<Encoding[]>;
  encodeText(texts: Text | readonly Text[], options: EncodeOptions = {}): Promise<Encoding | Encoding[]> {
    return oneOrAll(texts, (all: readonly Text[]) => this.#encoder.texts(all, options));
  }

  /** Picture, text and both as one sequence, as vectors, in one call. @throws DataError for unequal numbers */
  encodePair(picture: Picture, text: Text, options?: EncodeOptions): Promise<PairEncoding>;
  encodePair(pictures: readonly Picture[], texts: readonly Text[], options?: EncodeOptions): Promise<PairEncoding[]>;
  encodePair(pictures: Picture | readonly Picture[], texts: Text | readonly Text[], options: EncodeOptions = {}): Promise<PairEncoding | PairEncoding[]> {
    return this.#encoder.pairs(pictures, texts, options);
  }

  /** What this model's head does. */
  get abilities(): (keyof Pipelines)[] {
    return Object.keys(this.#pipelines) as (keyof Pipelines)[];
  }

  /** Answers questions about pictures. @throws OptionError, as all of the following, when the model has no such head */
  get vqa(): QuestionAnswerer {
    return this.#need("vqa");
  }
  /** Writes captions. */
  get captioner(): Captioner {
    return this.#need("captioner");
  }
  /** Ranks pictures for a text, and texts for a picture. */
  get retriever(): Retriever {
    return this.#need("retriever");
  }
  /** Classifies pictures by any names. */
  get zeroShot(): ZeroShotClassifier {
    return this.#need("zeroShot");
  }
  /** Judges sentences about two pictures. */
  get reasoner(): Reasoner {
    return this.#need("reasoner");
  }
  /** Classifies pictures into the classes of its training. */
  get classifier(): Classifier {
    return this.#need("classifier");
  }

  /** Guesses hidden words and hidden patches. */
  get filler(): Filler {
    return this.#need("filler");
  }

  /** Gives the weights' memory back. */
  dispose(): void {
    release(this.model);
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  #need<K extends keyof Pipelines>(name: K): Pipelines[K] {
    const found = this.#pipelines[name];
    if (found) return found;
    const [purpose, task] = purposes[name];
    const has = this.abilities.length === 0 ? "no head, and only encodes" : `${formatList(this.abilities.map((one) => `${one} (${purposes[one][0]})`))}, and encodes`;
    throw new OptionError(`Beit3: ${name}, which ${purpose}, was asked of a model for ${this.task}; it has ${has}. Load a model that was trained for ${task}.`, { details: { asked: name, task: this.task, abilities: this.abilities } });
  }
}
