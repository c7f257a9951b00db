import { formatPlace, type VqaExample } from "@multiway/data";
import { DataError } from "@multiway/errors";
import { AnswerList, VqaModel, type VqaBatch } from "@multiway/head-vqa";
import { meanScoreOfBest, normalizeAnswer, vqaAccuracy } from "@multiway/metrics";
import type { Key } from "@multiway/random";
import { compile, type Tensor } from "@multiway/tensor";
import { filledChunks, type HeadContext } from "../head-context.ts";
import type { TaskHead } from "../task-head.ts";

export interface VqaHeadOptions {
  /** What the model chooses from. */
  answers: AnswerList;
}

/** So many people answer a question of VQA; a single answer stands for all of them. */
const people = 10;

/**
 * What people answered, as the list of answers holds it: one answer as it is, which counts as everybody's; those of several people cleaned by the rules of VQA, so that "Two." and "2" agree.
 */
export function agreedAnswers({ answers }: Pick<VqaExample, "answers">): string[] {
  return answers.length === 1 ? Array.from({ length: people }, () => answers[0]!) : answers.map(normalizeAnswer);
}

/** The list of all answers that questions have at least `least` times, counted once for each question: by frequency of the questions' most frequent answer, as the official list. */
export function answerListOf(examples: readonly VqaExample[], { least = 1 }: { least?: number } = {}): AnswerList {
  return AnswerList.fromCounts(
    examples.flatMap((example) => {
      const counts = new Map<string, number>();
      for (const answer of agreedAnswers(example)) counts.set(answer, (counts.get(answer) ?? 0) + 1);
      const most = Math.max(...counts.values());
      return [...counts].filter(([, count]) => count === most).map(([answer]) => answer).slice(0, 1);
    }),
    { least },
  );
}

/**
 * The row of targets of a question.
 *
 * @returns undefined where nobody's answer is in the list
 * @throws DataError for a number of an official index file that the list does not have
 */
export function targetsOf(example: VqaExample, answers: AnswerList): Float32Array | undefined {
  const { scored } = example;
  if (!scored) return answers.targetsOf(agreedAnswers(example));
  if (scored.labels.length === 0) return undefined;
  const targets = new Float32Array(answers.size);
  scored.labels.forEach((label, index) => {
    if (label >= answers.size) throw new DataError(`targetsOf: ${formatPlace(example)}: answer number ${label} is outside the list of ${answers.size}; expected 0 to ${answers.size - 1}. The index was made with another list: put its answer2label.txt beside it.`, { details: { label } });
    targets[label] = scored.scores[index]!;
  });
  return targets;
}

/** Answers to questions about pictures, chosen from a list. */
export function vqaHead(context: HeadContext, { answers }: VqaHeadOptions): TaskHead<VqaModel, VqaExample, VqaBatch> {
  const { device } = context;
  const answer = compile((model: VqaModel, images: Tensor, text: Tensor, isPadding: Tensor) => model.forward({ images, text, isPadding }), { name: "answer" });
  const picture = (example: VqaExample) => ({ path: example.image, place: example });
  const textsOf = (examples: readonly VqaExample[]) => context.textTensors(examples.map((example) => context.ids(example.question, example)));
  return {
    task: "vqa",
    reads: ["vision", "language"],
    create: (transformer) => new VqaModel(transformer, { numAnswers: answers.size }),
    loss: (model, batch, key) => model.loss(batch, key),
    async prepare(examples, key: Key) {
      const pixels = await context.pixels("square", examples.map(picture), { key, randAugment: true });
      const targets = new Float32Array(examples.length * answers.size);
      examples.forEach((example, row) => {
        const own = targetsOf(example, answers);
        if (!own) throw new DataError(`vqaHead: ${formatPlace(example)}: no answer is in the list of ${answers.size}; expected at least one. Leave the question out, or add its answer to the list.`);
        targets.set(own, row * answers.size);
      });
      const { text, isPadding } = textsOf(examples);
      return { images: context.imageTensor(pixels), text, isPadding, targets: device.tensor(targets, { shape: [examples.length, answers.size] }) };
    },
    async evaluate(model, examples, { signal, onProgress } = {}) {
      const logits = new Float32Array(examples.length * answers.size);
      for (const { items, count, start } of filledChunks(examples, context.evaluationBatch)) {
        signal?.throwIfAborted();
        using images = context.imageTensor(await context.pixels("square", items.map(picture)));
        const { text, isPadding } = textsOf(items);
        using result = answer(model, images, text, isPadding);
        logits.set((await result.data()).subarray(0, count * answers.size) as Float32Array, start * answers.size);
        text.dispose();
        isPadding.dispose();
        onProgress?.(start + count, examples.length);
      }
      const given = examples.map((_, row) => {
        const own = logits.subarray(row * answers.size, (row + 1) * answers.size);
        return answers.answers[own.indexOf(own.reduce((most, logit) => Math.max(most, logit), -Infinity))]!;
      });
      const predictions = examples.map(({ image, question, questionId, answers: human }, row) => ({ question_id: questionId, image, ...(typeof question === "string" && { question }), answer: given[row]!, ...(human.length > 0 && { human }) }));
      const scored = examples.filter((example) => example.scored !== undefined);
      if (scored.length > 0) {
        const rows = examples.flatMap((example, row) => (example.scored ? [row] : []));
        const kept = Float32Array.from(rows.flatMap((row) => [...logits.subarray(row * answers.size, (row + 1) * answers.size)]));
        const targets = Float32Array.from(scored.flatMap((example) => [...(targetsOf(example, answers) ?? new Float32Array(answers.size))]));
        const score = meanScoreOfBest(kept, targets, { answers: answers.size });
        return { score, figures: { accuracy: score }, predictions };
      }
      const answered = examples.filter((example) => example.answers.length > 0);
      if (answered.length === 0) throw new DataError(`vqaHead: none of ${examples.length} questions has an answer to compare with; expected at least one.`);
      const { score } = vqaAccuracy(
        given.filter((_, row) => examples[row]!.answers.length > 0),
        answered.map((example) => ({ answers: agreedAnswers(example) })),
      );
      return { score, figures: { accuracy: score }, predictions };
    },
  };
}
