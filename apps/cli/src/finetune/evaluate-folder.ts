import { endsInNorm, openModelFolder, transformerOptionsOf, type Evaluation } from "@multiway/beit3";
import { missingSplit, Pictures, type DatasetTask, type Split } from "@multiway/data";
import { CheckpointError, OptionError } from "@multiway/errors";
import { parseSentencePieceModel, SentencePieceTokenizer, XlmRobertaTokenizer } from "@multiway/tokenizers";
import type { Device } from "@multiway/tensor";
import { loadOfficial, MultiwayTransformer } from "@multiway/transformer";
import type { Ui } from "../progress/ui.ts";
import { openTask } from "./opened-task.ts";
import { taskLengths } from "./set-up.ts";
import { readTaskData, type DataFlags, type TaskData } from "./task-data.ts";

export interface EvaluateFolderFlags extends DataFlags {
  /** A model folder. */
  model: string;
  /** Default: test where there is one, else validation. */
  split?: Split;
  batch?: number;
}

/** Measures a model folder on a split of a data set. @throws CheckpointError for a model of another task; DataError when there is no such split */
export async function evaluateFolder(name: DatasetTask, { model: path, split, batch, ...flags }: EvaluateFolderFlags, { device, ui, signal }: { device: Device; ui: Ui; signal: AbortSignal }): Promise<Evaluation & { split: Split; count: number }> {
  const folder = await openModelFolder(path);
  const { description } = folder;
  if (description.task !== name) throw new CheckpointError(`evaluate: ${path} is a model for ${description.task}; expected one for ${name}. Evaluate it as \`multiway evaluate ${description.task}\`, or fine-tune it with \`multiway finetune ${name} --from ${path}\`.`);
  const data = await readTaskData(name, flags);
  const chosen = split ?? (data.test ? "test" : "validation");
  const examples = data[chosen];
  if (!examples) throw missingSplit(name, data.folder, chosen);
  const tokenizer = await folder.readTokenizer();
  if (name !== "classification" && !tokenizer) throw new OptionError(`evaluate: ${path} has no tokenizer; expected a model folder with one. Put its SentencePiece file there, and name it in model.json.`);
  const pictures = new Pictures(data.folder);
  const { model: sizes, maxTextLength } = description;
  const task = await openTask(
    name,
    data as TaskData<never>,
    {
      device,
      imageSize: sizes.imageSize,
      pictures: (file, place) => pictures.get(file, place),
      tokenizer: tokenizer && new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(tokenizer))),
      vocabularySize: sizes.vocabularySize,
      maxTextLength: Math.min(maxTextLength, taskLengths[name]),
      ...(batch !== undefined && { evaluationBatch: batch }),
    },
    { flags: { mix: false }, from: description, isTraining: false },
  );
  const model = task.head.create(new MultiwayTransformer({ ...transformerOptionsOf(sizes), finalNorm: endsInNorm(name) }));
  {
    await using weights = await folder.openWeights();
    await loadOfficial(model, weights, { device, strict: true, halves: "widen" });
  }
  ui.stage(`Evaluation on ${examples.length} ${chosen} examples`);
  const started = performance.now();
  const evaluation = await task.head.evaluate(model, examples, {
    signal,
    onProgress: (step, steps) => {
      const elapsedSeconds = (performance.now() - started) / 1000;
      const itemsPerSecond = step / Math.max(1e-3, elapsedSeconds);
      ui.progress({ stage: "evaluation", step, steps, itemsPerSecond, elapsedSeconds, secondsLeft: (steps - step) / itemsPerSecond, metrics: {} });
    },
  });
  for (const { tensor } of model.tensors()) tensor.dispose();
  return { ...evaluation, split: chosen, count: examples.length };
}
