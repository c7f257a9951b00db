import type { RetrievalExample } from "@multiway/data";
import { DataError } from "@multiway/errors";
import { RetrievalModel, type RetrievalBatch } from "@multiway/head-retrieval";
import { retrievalRecall } from "@multiway/metrics";
import { compile, type Tensor } from "@multiway/tensor";
import { filledChunks, type HeadContext } from "../head-context.ts";
import type { TaskHead } from "../task-head.ts";

/** Retrieval of pictures by texts and texts by pictures: the contrastive loss over the batch, so that a larger batch is a harder lesson. */
export function retrievalHead(context: HeadContext): TaskHead<RetrievalModel, RetrievalExample, RetrievalBatch> {
  const encodeImages = compile((model: RetrievalModel, images: Tensor) => model.encodeImages(images), { name: "encode pictures" });
  const encodeTexts = compile((model: RetrievalModel, text: Tensor, isPadding: Tensor) => model.encodeTexts(text, isPadding), { name: "encode texts" });
  const compare = compile((images: Tensor, texts: Tensor) => images.matmul(texts.transpose()), { name: "compare" });
  const picture = (example: RetrievalExample) => ({ path: example.image, place: example });
  return {
    task: "retrieval",
    reads: ["vision", "language"],
    create: (transformer) => new RetrievalModel(transformer),
    loss: (model, batch, key) => model.loss(batch, key),
    async prepare(examples, key) {
      const pixels = await context.pixels("square", examples.map(picture), { key, randAugment: false });
      const { text, isPadding } = context.textTensors(examples.map((example) => context.ids(example.text, example)));
      return { images: context.imageTensor(pixels), text, isPadding };
    },
    async evaluate(model, examples, { signal, onProgress } = {}) {
      // One picture for each id, the first that is met.
      const byId = new Map<string, RetrievalExample>();
      for (const example of examples) if (!byId.has(example.imageId)) byId.set(example.imageId, example);
      const shown = [...byId.values()];
      const all = shown.length + examples.length;
      const width = model.visionHead.weight.shape[0]!;
      const vectors = { images: new Float32Array(shown.length * width), texts: new Float32Array(examples.length * width) };
      for (const { items, count, start } of filledChunks(shown, context.evaluationBatch)) {
        signal?.throwIfAborted();
        using images = context.imageTensor(await context.pixels("square", items.map(picture)));
        using encoded = encodeImages(model, images);
        vectors.images.set((await encoded.data()).subarray(0, count * width) as Float32Array, start * width);
        onProgress?.(start + count, all);
      }
      for (const { items, count, start } of filledChunks(examples, context.evaluationBatch)) {
        signal?.throwIfAborted();
        const { text, isPadding } = context.textTensors(items.map((example) => context.ids(example.text, example)));
        using encoded = encodeTexts(model, text, isPadding);
        vectors.texts.set((await encoded.data()).subarray(0, count * width) as Float32Array, start * width);
        text.dispose();
        isPadding.dispose();
        onProgress?.(shown.length + start + count, all);
      }
      const similarity = new Float32Array(shown.length * examples.length);
      using texts = context.device.tensor(vectors.texts, { shape: [examples.length, width] });
      for (let start = 0; start < shown.length; start += context.evaluationBatch) {
        const rows = Math.min(context.evaluationBatch, shown.length - start);
        using images = context.device.tensor(vectors.images.slice(start * width, (start + rows) * width), { shape: [rows, width] });
        using products = compare(images, texts);
        similarity.set((await products.data()) as Float32Array, start * examples.length);
      }
      if (similarity.length === 0) throw new DataError("retrievalHead: there are no examples to measure on; expected at least one.");
      const position = new Map(shown.map(({ imageId }, index) => [imageId, index]));
      const { imageToText, textToImage, mean } = retrievalRecall(similarity, Int32Array.from(examples, ({ imageId }) => position.get(imageId)!));
      const figures = {
        meanRecall: mean,
        "imageToText@1": imageToText.recallAt1,
        "imageToText@5": imageToText.recallAt5,
        "imageToText@10": imageToText.recallAt10,
        "textToImage@1": textToImage.recallAt1,
        "textToImage@5": textToImage.recallAt5,
        "textToImage@10": textToImage.recallAt10,
      };
      const predictions = shown.map(({ image }, row) => {
        const scores = similarity.subarray(row * examples.length, (row + 1) * examples.length);
        const best = scores.indexOf(scores.reduce((most, score) => Math.max(most, score), -Infinity));
        return { image, bestText: examples[best]!.text, similarity: scores[best]! };
      });
      return { score: mean, figures, predictions };
    },
  };
}
