import { classificationHead, describeModel, fineTuningGroups, fineTuningTask, HeadContext, learntModel, loadBeit3, memoryFolder, startFineTuning, transformerOptionsOf, writeModelFolder, type Beit3 } from "@multiway/beit3";
import type { ClassificationExample } from "@multiway/data";
import { OptionError } from "@multiway/errors";
import { loadImage, type Image } from "@multiway/images";
import { initialise } from "@multiway/nn";
import { AdamW, warmupCosine } from "@multiway/optim";
import { key } from "@multiway/random";
import { mapTree, realize, tensorsOf } from "@multiway/tensor";
import { train } from "@multiway/training";
import type { Calls } from "./protocol.ts";

const largestBatch = 16;

/** A classifier that was taught in the page: the model, and the files of its folder. */
export interface Taught {
  model: Beit3;
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

type TeachInput = Calls["teach"]["input"];

/**
 * Fine-tunes a copy of a model's encoder, with a new head, on a handful of pictures for each class.
 *
 * @throws OptionError for fewer than two classes, one without a name or a picture, or a name twice; ImageError naming a picture that cannot be read; the signal's reason when it is aborted
 */
export async function teach(base: Beit3, { classes, steps }: TeachInput, { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: Calls["teach"]["progress"]) => void }): Promise<Taught & { accuracy: number }> {
  const names = checkedNames(classes);
  const { device, description } = base;
  const { examples, pictures } = await readPictures(classes, names);
  const { imageSize, vocabularySize, numLayers } = description.model;
  const context = new HeadContext({ device, imageSize, vocabularySize, maxTextLength: description.maxTextLength, augmentation: "light", pictures: (path) => Promise.resolve(pictures.get(path)!) });
  const head = classificationHead(context, { classes: names, mix: false, recipe: description.image.recipe });
  // Training writes over what it is given, and learns in f32.
  const transformer = await realize(mapTree(base.model.transformer, (tensor) => tensor.cast("f32").add(0)));
  const optimizer = new AdamW({ weightDecay: 0.05, groupOf: fineTuningGroups({ numLayers, layerDecay: 0.75 }) });
  const task = fineTuningTask({ head, examples, optimizer, batchSize: Math.min(largestBatch, examples.length), key: key(2), maxGradientNorm: 1 });
  const first = await startFineTuning(await initialise(head.create(transformer), { device, key: key(1) }), optimizer, device);
  const { state, isFinished } = await train(task, first, {
    steps,
    schedule: warmupCosine({ peak: 1e-3, warmupSteps: Math.ceil(steps / 10), totalSteps: steps }),
    key: key(3),
    signal,
    onRecord: ({ step, metrics }) => onProgress({ step: step + 1, steps, loss: metrics["loss"]!, accuracy: metrics["accuracy"]! }),
  });
  try {
    if (!isFinished) signal.throwIfAborted();
    const model = learntModel(state);
    const { score } = await head.evaluate(model, examples, { signal });
    const folder = memoryFolder();
    const described = describeModel({ task: "classification", model: transformerOptionsOf(description.model), classes: names, image: description.image });
    await writeModelFolder(folder, model, { description: described, floats: "f16" });
    return { model: await loadBeit3(folder, { device, signal }), files: folder.files, accuracy: score };
  } finally {
    for (const { tensor } of tensorsOf(state)) tensor.dispose();
  }
}

function checkedNames(classes: TeachInput["classes"]): string[] {
  const names = classes.map(({ name }) => name.trim());
  if (names.length < 2) throw new OptionError(`There ${names.length === 1 ? "is one class" : "are no classes"}; expected two at least. Add another one.`);
  const lacking = classes.find(({ name, pictures }) => name.trim() === "" || pictures.length === 0);
  if (lacking) throw new OptionError(`${lacking.name.trim() === "" ? "A class has no name" : `The class ${JSON.stringify(lacking.name)} has no picture`}; expected a name and a picture at least. Add it, or remove the class.`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new OptionError(`Two classes are called ${JSON.stringify(twice)}; expected a name for each. Rename one.`);
  return names;
}

async function readPictures(classes: TeachInput["classes"], names: readonly string[]): Promise<{ examples: ClassificationExample[]; pictures: Map<string, Image> }> {
  const pictures = new Map<string, Image>();
  const examples: ClassificationExample[] = [];
  for (const [index, { pictures: blobs }] of classes.entries()) {
    for (const [number, blob] of blobs.entries()) {
      const label = names[index]!;
      const image = `${label} ${number + 1}`;
      pictures.set(image, await loadImage(blob));
      examples.push({ file: label, line: number + 1, image, label });
    }
  }
  return { examples, pictures };
}
