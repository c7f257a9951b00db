import { formatValue, OptionError } from "@multiway/errors";
import { Beit3, type Pipelines } from "./beit3.ts";
import { Encoder } from "./encode/encoder.ts";
import { buildModel, headsOf, type BuiltHead } from "./folder/build-model.ts";
import type { ModelDescription } from "./folder/description.ts";
import { PictureReader } from "./inputs/pictures.ts";
import { TextReader } from "./inputs/texts.ts";
import { openSource } from "./load/open-source.ts";
import type { Beit3Source, LoadBeit3Options } from "./load/options.ts";
import { readWeights } from "./load/read-weights.ts";
import { tokenizerOf } from "./load/tokenizer-of.ts";
import { release, type Runtime } from "./runtime.ts";
import { Captioner } from "./tasks/captioner.ts";
import { Classifier } from "./tasks/classifier.ts";
import { Filler } from "./tasks/filler.ts";
import { Reasoner } from "./tasks/reasoner.ts";
import { Retriever } from "./tasks/retriever.ts";
import { QuestionAnswerer } from "./tasks/vqa.ts";
import { ZeroShotClassifier } from "./tasks/zero-shot.ts";

/**
 * Loads a model to use: a model folder, or a checkpoint file as Microsoft released them, whose head is told from its names.
 *
 * ```ts
 * const model = await loadBeit3("beit3_base_patch16_480_vqa.pth", { device, tokenizer: "beit3.spm", answers });
 * const { answer } = await model.vqa.answer("cat.jpg", "what is on the mat?");
 * ```
 *
 * @throws CheckpointError when files cannot be read or do not fit; OptionError for options that do not; the signal's reason when it is aborted. Nothing stays on the device then
 */
export async function loadBeit3(source: Beit3Source, options: LoadBeit3Options): Promise<Beit3> {
  const { device, batchSize = 8, signal } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new OptionError(`loadBeit3: batchSize is ${formatValue(batchSize)}; expected a whole number from 1 on.`);
  signal?.throwIfAborted();
  await using opened = await openSource(source, options);
  const { description } = opened;
  // Before the weights: what is wrong with it should not cost a download.
  const tokenizer = await tokenizerOf(opened, options);
  const texts = new TextReader(tokenizer, { maxLength: description.maxTextLength, vocabularySize: description.model.vocabularySize, device });
  const runtime: Runtime = { device, texts, pictures: new PictureReader(description.image, device), batchSize };
  const built = buildModel(description);
  try {
    await readWeights(built, opened, options);
    const heads = headsOf(built);
    // Where there is a common space of pictures and texts, vectors are those of that.
    const encoder = new Encoder(heads.find(({ task }) => task === "retrieval")?.model ?? built.model, runtime);
    const pipelines: Partial<Pipelines> = Object.assign({}, ...heads.map((head) => pipelinesOf(head, { runtime, encoder, description })));
    return new Beit3({ description, model: built.model, device, tokenizer, encoder, pipelines });
  } catch (error) {
    release(built.model);
    throw error;
  }
}

interface Given {
  runtime: Runtime;
  encoder: Encoder;
  description: ModelDescription;
}

/** What a head does. */
function pipelinesOf(head: BuiltHead, { runtime, encoder, description }: Given): Partial<Pipelines> {
  switch (head.task) {
    case "retrieval":
    case "zero-shot": {
      // A joint model's classes are those of its classifier.
      const classes = description.task === "joint" ? undefined : description.classes;
      return { retriever: new Retriever(encoder), zeroShot: new ZeroShotClassifier(head.model, encoder, { classes, templates: description.templates }) };
    }
    case "vqa":
      return { vqa: new QuestionAnswerer(head.model, runtime, description.answers) };
    case "captioning":
      return { captioner: new Captioner(head.model, runtime, description.maxTextLength) };
    case "reasoning":
      return { reasoner: new Reasoner(head.model, runtime) };
    case "hidden":
      return { filler: new Filler(head.model, head.visualTokens, runtime) };
    case "classification":
      return { classifier: new Classifier(head.model, runtime, description.classes) };
  }
}
