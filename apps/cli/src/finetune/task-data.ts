import { holdOut, missingSplit, openFolder, readDataset, readWhole, type DataFolder, type DatasetTask, type ExampleOf, type Split } from "@multiway/data";
import { key } from "@multiway/random";

/** A data set as a task reads it. */
export interface TaskData<E> {
  folder: DataFolder;
  train: E[];
  validation: E[];
  test: E[] | undefined;
  /** How the validation examples came about. */
  isHeldOut: boolean;
}

export interface DataFlags {
  data: string;
  ignoreColumns?: readonly string[];
}

/** Of data without validation examples this share is held out. */
const heldOutShare = 0.1;

/** Reads all splits. Where there are no validation examples, a tenth of the others is held out, always the same one, by picture. */
export async function readTaskData<T extends DatasetTask>(task: T, { data, ignoreColumns = [] }: DataFlags): Promise<TaskData<ExampleOf[T]>> {
  const folder = await openFolder(data);
  const read = (split: Split) => readDataset(task, folder, { split, ignoreColumns });
  const all = (await read("train")) ?? (await readWhole(task, folder, { ignoreColumns }));
  if (!all) throw missingSplit(task, folder, "train");
  const validation = await read("validation");
  const test = await read("test");
  if (validation) return { folder, train: all, validation, test, isHeldOut: false };
  const [train, heldOut] = holdOut(all, { share: heldOutShare, key: key(0), groupOf: pictureOf });
  return { folder, train, validation: heldOut, test, isHeldOut: true };
}

/** Examples about one picture, or one sentence about pictures, stay together. */
function pictureOf(example: ExampleOf[DatasetTask]): string {
  if ("sentence" in example) return String(example.sentence);
  return "imageId" in example ? example.imageId : example.image;
}
