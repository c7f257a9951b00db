import { numbersOfClasses, type ClassificationExample } from "@multiway/data";
import { drawMix, mixImages, mixTargets, type MixOptions, type TransformRecipe } from "@multiway/images";
import { ClassificationModel, type ClassificationBatch } from "@multiway/head-classification";
import { topKAccuracy } from "@multiway/metrics";
import type { Key } from "@multiway/random";
import { compile, type Tensor } from "@multiway/tensor";
import { filledChunks, type HeadContext } from "../head-context.ts";
import type { TaskHead } from "../task-head.ts";

export interface ClassificationHeadOptions {
  classes: readonly string[];
  /** Mixup and CutMix. Default: those of the official ImageNet tuning, 0.8 and 1. `false` for none. */
  mix?: MixOptions | false;
  /** Default 0.1. */
  labelSmoothing?: number;
  /** How pictures become input. Default "imagenet", as officially. */
  recipe?: TransformRecipe;
}

/** Classification of pictures into named classes, as the official ImageNet tuning does it. The language branch is frozen: nothing of it is read. */
export function classificationHead(context: HeadContext, { classes, mix = {}, labelSmoothing = 0.1, recipe = "imagenet" }: ClassificationHeadOptions): TaskHead<ClassificationModel, ClassificationExample, ClassificationBatch> {
  const { device, imageSize: size } = context;
  const numClasses = classes.length;
  const classify = compile((model: ClassificationModel, images: Tensor) => model.forward(images), { name: "classify" });
  const pictures = (examples: readonly ClassificationExample[]) => examples.map((example) => ({ path: example.image, place: example }));
  return {
    task: "classification",
    reads: ["vision"],
    create: (transformer) => {
      const model = new ClassificationModel(transformer, { numClasses });
      const ofLanguage = model.tensors().flatMap(({ name }) => (/(^|\.)(textEmbedding|language)\./.test(name) ? [name.slice(0, name.lastIndexOf("."))] : []));
      return model.freeze(...new Set(ofLanguage));
    },
    loss: (model, batch, key) => model.loss(batch, { key }),
    async prepare(examples, key) {
      const [forPixels, forMix] = key.split(2) as [Key, Key];
      const pixels = await context.pixels(recipe, pictures(examples), { key: forPixels, randAugment: false });
      const drawn = mix === false ? undefined : drawMix({ width: size, height: size }, forMix, mix);
      if (drawn) mixImages(pixels, { count: examples.length, channels: 3, width: size, height: size }, drawn);
      const targets = mixTargets(numbersOfClasses(examples, classes), drawn, { numClasses, smoothing: labelSmoothing });
      return { images: context.imageTensor(pixels), targets: device.tensor(targets, { shape: [examples.length, numClasses] }) };
    },
    async evaluate(model, examples, { signal, onProgress } = {}) {
      const labels = numbersOfClasses(examples, classes);
      const logits = new Float32Array(examples.length * numClasses);
      for (const { items, count, start } of filledChunks(examples, context.evaluationBatch)) {
        signal?.throwIfAborted();
        using images = context.imageTensor(await context.pixels(recipe, pictures(items)));
        using result = classify(model, images);
        logits.set((await result.data()).subarray(0, count * numClasses) as Float32Array, start * numClasses);
        onProgress?.(start + count, examples.length);
      }
      const top1 = topKAccuracy(logits, labels, { classes: numClasses }).accuracy;
      const top5 = topKAccuracy(logits, labels, { classes: numClasses, k: 5 }).accuracy;
      const predictions = examples.map(({ image, label }, index) => {
        const row = logits.subarray(index * numClasses, (index + 1) * numClasses);
        return { image, label, predicted: classes[row.indexOf(Math.max(...row))]! };
      });
      return { score: top1, figures: numClasses > 5 ? { top1, top5 } : { top1 }, predictions };
    },
  };
}
