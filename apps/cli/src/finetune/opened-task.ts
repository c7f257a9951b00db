import { classificationHead, HeadContext, type Augmentation, type HeadContextOptions, type HeadModel, type TaskHead } from "@multiway/beit3";
import { classesOf, type ClassificationExample, type DatasetTask, type RowPlace } from "@multiway/data";
import { OptionError } from "@multiway/errors";
import type { ModelDescription } from "./model-folder.ts";
import type { TaskData } from "./task-data.ts";

/** What the command line says of a head. */
export interface HeadFlags {
  augment: Augmentation;
  flip?: number;
  mix: boolean;
  labelSmoothing?: number;
}

/** A task with its head and its data; what kind of examples they are, only the head knows. */
export interface OpenedTask {
  head: TaskHead<HeadModel, RowPlace, unknown>;
  data: TaskData<RowPlace>;
  /** What of the task belongs into `model.json`. */
  lists: Pick<ModelDescription, "answers" | "classes">;
  notes: string[];
}

type Opener = (data: never, context: HeadContext, flags: HeadFlags, from: ModelDescription | undefined, isTraining: boolean) => Promise<Omit<OpenedTask, "data">>;

const openers: { readonly [T in DatasetTask]?: Opener } = {
  classification: async (data: TaskData<ClassificationExample>, context, { mix, labelSmoothing = 0.1 }, from, isTraining) => {
    const found = data.isHeldOut ? [...data.train, ...data.validation] : data.train;
    const listed = await readLines(data, "classes.txt");
    const classes = isTraining ? classesOf(found, listed ?? sameOnes(from?.classes, new Set(found.map(({ label }) => label)))) : from?.classes;
    if (!classes) throw new OptionError("evaluate: the model folder lists no classes; expected a model that was fine-tuned for classification.");
    const head = classificationHead(context, { classes, mix: mix ? {} : false, labelSmoothing });
    return { head: head as unknown as OpenedTask["head"], lists: { classes }, notes: [`${classes.length} classes`] };
  },
};

/** Makes the head of a task for its data. @param isTraining whether classes and answers are those of the data, or of the model */
export async function openTask(task: DatasetTask, data: TaskData<RowPlace>, contextOptions: HeadContextOptions, flags: HeadFlags, from: ModelDescription | undefined, isTraining: boolean): Promise<OpenedTask> {
  const opened = await openers[task]!(data as never, new HeadContext(contextOptions), flags, from, isTraining);
  return { ...opened, data };
}

/** The order of a model's own list, where it has the same members: its head can be kept then. */
function sameOnes(list: readonly string[] | undefined, members: ReadonlySet<string>): readonly string[] | undefined {
  return list && list.length === members.size && list.every((name) => members.has(name)) ? list : undefined;
}

/** Lines of a text file of the data folder. */
async function readLines({ folder }: TaskData<unknown>, path: string): Promise<string[] | undefined> {
  if (!folder.paths.includes(path)) return undefined;
  return new TextDecoder().decode(await folder.read(path)).split("\n").map((line) => line.trim()).filter(Boolean);
}
