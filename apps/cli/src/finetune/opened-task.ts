import { answerListOf, captioningHead, classificationHead, HeadContext, reasoningHead, retrievalHead, targetsOf, vqaHead, type Augmentation, type HeadContextOptions, type HeadModel, type ModelDescription, type TaskHead } from "@multiway/beit3";
import { classesOf, formatPlace, type CaptioningExample, type ClassificationExample, type DatasetTask, type RowPlace, type VqaExample } from "@multiway/data";
import { DataError, OptionError } from "@multiway/errors";
import { AnswerList } from "@multiway/head-vqa";
import type { TaskData } from "./task-data.ts";

/** What the command line says of a head. */
export interface HeadFlags {
  mix: boolean;
  labelSmoothing?: number;
  maskRatio?: number;
  leastAnswers?: number;
  dropUnknownAnswers?: boolean;
}

/** A task with its head and its data; what kind of examples they are, only the head knows. */
export interface OpenedTask {
  head: TaskHead<HeadModel, RowPlace, unknown>;
  data: TaskData<RowPlace>;
  /** What of the task belongs into `model.json`. */
  lists: Pick<ModelDescription, "answers" | "classes">;
  notes: string[];
}

interface OpenOptions {
  context: HeadContext;
  flags: HeadFlags & { augment?: Augmentation };
  /** Of the model folder to go on from, or to be measured. */
  from: ModelDescription | undefined;
  /** Whether classes and answers are those of the data, or of the model. */
  isTraining: boolean;
}

/** Makes the head of a task for its data. */
export async function openTask(task: DatasetTask, data: TaskData<never>, contextOptions: HeadContextOptions, options: Omit<OpenOptions, "context">): Promise<OpenedTask> {
  const opened = await openers[task](data, { ...options, context: new HeadContext(contextOptions) });
  return opened as unknown as OpenedTask;
}

const openers: { readonly [T in DatasetTask]: (data: TaskData<never>, options: OpenOptions) => Promise<object> } = {
  classification: async (data: TaskData<ClassificationExample>, { context, flags: { mix, labelSmoothing = 0.1 }, from, isTraining }) => {
    const found = data.isHeldOut ? [...data.train, ...data.validation] : data.train;
    const listed = await readText(data, "classes.txt");
    const given = listed?.split("\n").map((line) => line.trim()).filter(Boolean);
    const classes = isTraining ? classesOf(found, given ?? sameOnes(from?.classes, new Set(found.map(({ label }) => label)))) : from?.classes;
    if (!classes) throw new OptionError("evaluate: the model folder lists no classes; expected a model that was fine-tuned for classification.");
    return { data, head: classificationHead(context, { classes, mix: mix ? {} : false, labelSmoothing, ...recipeOf(from, isTraining) }), lists: { classes }, notes: [`${classes.length} classes`] };
  },

  retrieval: (data, { context }) => Promise.resolve({ data, head: retrievalHead(context), lists: {}, notes: [] }),

  captioning: (data: TaskData<CaptioningExample>, { context, flags: { maskRatio, labelSmoothing } }) => {
    // One caption is learnt at a time; measured is against all of a picture.
    const train = data.train.flatMap((example) => example.captions.map((caption) => ({ ...example, captions: [caption] })));
    if (train.length === 0) throw new DataError(`captioning: none of the ${data.train.length} pictures to learn from has a caption; expected at least one.`);
    const head = captioningHead(context, { ...(maskRatio !== undefined && { maskRatio }), ...(labelSmoothing !== undefined && { labelSmoothing }) });
    return Promise.resolve({ data: { ...data, train }, head, lists: {}, notes: [`${train.length} captions of ${data.train.length} pictures`] });
  },

  vqa: async (data: TaskData<VqaExample>, { context, flags: { leastAnswers = 1, dropUnknownAnswers = false }, from, isTraining }) => {
    const listed = await readText(data, "answer2label.txt");
    const given = listed === undefined ? undefined : AnswerList.parse(listed);
    if (!isTraining) {
      if (!from?.answers) throw new OptionError("evaluate: the model folder lists no answers; expected a model that was fine-tuned for vqa.");
      return { data, head: vqaHead(context, { answers: new AnswerList(from.answers) }), lists: { answers: from.answers }, notes: [] };
    }
    const answers = given ?? answersToLearn(data, { least: leastAnswers, from });
    if (answers.size === 0) throw new DataError(`vqa: no answer is given ${leastAnswers} times or more in ${data.train.length} questions; expected at least one. Lower --least-answers.`);
    const isKnown = (example: VqaExample) => targetsOf(example, answers) !== undefined;
    const unknown = data.train.filter((example) => !isKnown(example));
    // A list that was counted leaves rare answers out on purpose; one that was given should hold them all.
    if (unknown.length > 0 && given && !dropUnknownAnswers) {
      throw new DataError(`vqa: ${formatPlace(unknown[0]!)}: ${JSON.stringify(unknown[0]!.answers[0] ?? "")} is not among the ${answers.size} answers of answer2label.txt, nor are those of ${unknown.length - 1} more questions; expected an answer of the list. Add it, or leave such questions out with --drop-unknown-answers.`, { details: { unknown: unknown.length } });
    }
    if (unknown.length === data.train.length) throw new DataError(`vqa: of none of ${unknown.length} questions an answer is among the ${answers.size} of the list; expected at least one to learn from. Check answer2label.txt.`);
    const notes = [`${answers.size} answers to choose from`, ...(unknown.length > 0 ? [`${unknown.length} questions, of which no answer is in the list, are left out of training`] : [])];
    return { data: { ...data, train: data.train.filter(isKnown) }, head: vqaHead(context, { answers }), lists: { answers: answers.answers }, notes };
  },

  reasoning: (data, { context }) => Promise.resolve({ data, head: reasoningHead(context), lists: {}, notes: [] }),
};

/** Pictures are prepared as the model that is measured has them; one that is trained has them as its task does. */
const recipeOf = (from: ModelDescription | undefined, isTraining: boolean) => (isTraining || !from ? {} : { recipe: from.image.recipe });

/** The answers of the training questions, or the model's own list where it has all of them. */
function answersToLearn(data: TaskData<VqaExample>, { least, from }: { least: number; from: ModelDescription | undefined }): AnswerList {
  if (data.train.some(({ scored }) => scored)) {
    if (from?.answers) return new AnswerList(from.answers);
    throw new DataError("vqa: the official index files hold answers by number, and there is no list that says which; expected the answer2label.txt that was made with them. Put it into the data folder.");
  }
  const found = answerListOf(data.train, { least });
  const own = from?.answers && new AnswerList(from.answers);
  return own && found.answers.every((answer) => own.numberOf(answer) !== undefined) ? own : found;
}

/** The order of a model's own list, where it has the same members: its head can be kept then. */
function sameOnes(list: readonly string[] | undefined, members: ReadonlySet<string>): readonly string[] | undefined {
  return list && list.length === members.size && list.every((name) => members.has(name)) ? list : undefined;
}

/** A text file of the data folder. */
async function readText({ folder }: TaskData<unknown>, path: string): Promise<string | undefined> {
  return folder.paths.includes(path) ? new TextDecoder().decode(await folder.read(path)) : undefined;
}
