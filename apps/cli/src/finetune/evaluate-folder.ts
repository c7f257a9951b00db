import { JointModel, loadBeit3, type Evaluation, type HeadModel, type ModelDescription } from "@multiway/beit3";
import { missingSplit, Pictures, type DatasetTask, type Split } from "@multiway/data";
import { CheckpointError, formatList, OptionError } from "@multiway/errors";
import type { Device } from "@multiway/tensor";
import { XlmRobertaTokenizer } from "@multiway/tokenizers";
import type { Ui } from "../progress/ui.ts";
import { openTask } from "./opened-task.ts";
import { taskLengths } from "./set-up.ts";
import { readTaskData, type DataFlags, type TaskData } from "./task-data.ts";

export interface EvaluateFolderFlags extends DataFlags {
  /** A model folder, or `mini`. */
  model: string;
  /** Default: test where there is one, else validation. */
  split?: Split;
  batch?: number;
}

/** Measures a model on a split of a data set. @throws CheckpointError for a model of another task; DataError when there is no such split */
export async function evaluateFolder(name: DatasetTask, { model: path, split, batch, ...flags }: EvaluateFolderFlags, { device, ui, signal }: { device: Device; ui: Ui; signal: AbortSignal }): Promise<Evaluation & { split: Split; count: number }> {
  const data = await readTaskData(name, flags);
  const chosen = split ?? (data.test ? "test" : "validation");
  const examples = data[chosen];
  if (!examples) throw missingSplit(name, data.folder, chosen);
  using loaded = await loadBeit3(path, { device, signal, halves: "widen" });
  const { description, tokenizer } = loaded;
  const model = modelOf(name, loaded.model, path, description);
  if (name !== "classification" && !(tokenizer instanceof XlmRobertaTokenizer)) throw new OptionError(`evaluate: ${path} has no tokenizer; expected a model folder with one. Put its SentencePiece file there, and name it in model.json.`);
  const pictures = new Pictures(data.folder);
  const { model: sizes, maxTextLength } = description;
  const task = await openTask(
    name,
    data as TaskData<never>,
    {
      device,
      imageSize: sizes.imageSize,
      pictures: (file, place) => pictures.get(file, place),
      tokenizer: tokenizer as XlmRobertaTokenizer | undefined,
      vocabularySize: sizes.vocabularySize,
      // A joint model's length is that of the longest of its tasks.
      maxTextLength: description.task === name ? maxTextLength : Math.min(maxTextLength, taskLengths[name]),
      ...(batch !== undefined && { evaluationBatch: batch }),
    },
    { flags: { mix: false }, from: description, isTraining: false },
  );
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
  return { ...evaluation, split: chosen, count: examples.length };
}

/** The model of a task: what was loaded, or one of the heads of a joint model. */
function modelOf(name: DatasetTask, model: HeadModel, path: string, { task, heads }: ModelDescription): HeadModel {
  if (model instanceof JointModel && heads?.includes(name)) return model.of(name);
  if (task === name) return model;
  if (heads) throw new CheckpointError(`evaluate: ${path} is a model for ${formatList(heads)}; expected one for ${name}. Fine-tune it with \`multiway finetune ${name} --from ${path}\`.`);
  throw new CheckpointError(`evaluate: ${path} is a model for ${task}; expected one for ${name}. Evaluate it as \`multiway evaluate ${task}\`, or fine-tune it with \`multiway finetune ${name} --from ${path}\`.`);
}
