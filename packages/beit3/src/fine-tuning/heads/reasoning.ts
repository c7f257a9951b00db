import type { ReasoningExample } from "@multiway/data";
import { ReasoningModel, type ReasoningBatch } from "@multiway/head-reasoning";
import { nlvr2Accuracy } from "@multiway/metrics";
import { compile, type Tensor } from "@multiway/tensor";
import { filledChunks, type HeadContext } from "../head-context.ts";
import type { TaskHead } from "../task-head.ts";

/** Whether a sentence is true of two pictures. */
export function reasoningHead(context: HeadContext): TaskHead<ReasoningModel, ReasoningExample, ReasoningBatch> {
  const { device, imageSize: size } = context;
  const judge = compile((model: ReasoningModel, images: Tensor, text: Tensor, isPadding: Tensor) => model.forward({ images, text, isPadding }), { name: "judge" });
  const pictures = (examples: readonly ReasoningExample[]) => examples.flatMap((example) => [example.left, example.right].map((path) => ({ path, place: example })));
  const pairs = (pixels: Float32Array): Tensor => device.tensor(pixels, { shape: [pixels.length / (6 * size * size), 2, 3, size, size] });
  const textsOf = (examples: readonly ReasoningExample[]) => context.textTensors(examples.map((example) => context.ids(example.sentence, example)));
  return {
    task: "reasoning",
    reads: ["vision", "language"],
    create: (transformer) => new ReasoningModel(transformer),
    loss: (model, batch, key) => model.loss(batch, key),
    async prepare(examples, key) {
      const pixels = await context.pixels("square", pictures(examples), { key, randAugment: false });
      const { text, isPadding } = textsOf(examples);
      return { images: pairs(pixels), text, isPadding, targets: device.tensor(Int32Array.from(examples, ({ label }) => (label ? 1 : 0))) };
    },
    async evaluate(model, examples, { signal, onProgress } = {}) {
      const answers: boolean[] = [];
      for (const { items, count, start } of filledChunks(examples, context.evaluationBatch)) {
        signal?.throwIfAborted();
        using images = pairs(await context.pixels("square", pictures(items)));
        const { text, isPadding } = textsOf(items);
        using result = judge(model, images, text, isPadding);
        const logits = await result.data();
        for (let row = 0; row < count; row++) answers.push(logits[2 * row + 1]! > logits[2 * row]!);
        text.dispose();
        isPadding.dispose();
        onProgress?.(start + count, examples.length);
      }
      const labels = examples.map(({ label }) => label);
      const { accuracy, consistency } = nlvr2Accuracy(answers, labels, identifiersOf(examples));
      const predictions = examples.map(({ left, right, sentence, label, identifier }, row) => ({ ...(identifier !== undefined && { identifier }), left, right, ...(typeof sentence === "string" && { sentence }), label, predicted: answers[row]! }));
      return { score: accuracy, figures: { accuracy, consistency }, predictions };
    },
  };
}

/** Identifiers as NLVR2 has them; without, those of one sentence belong together. */
function identifiersOf(examples: readonly ReasoningExample[]): string[] {
  const sentences = new Map<string, number>();
  return examples.map(({ identifier, sentence }, index) => {
    if (identifier !== undefined) return identifier;
    const text = String(sentence);
    if (!sentences.has(text)) sentences.set(text, sentences.size);
    return `own-${sentences.get(text)}-${index}-0`;
  });
}
