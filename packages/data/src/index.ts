export { emojiStyles, readEmoji, type EmojiConcept, type EmojiSet, type EmojiStyle } from "./emoji/read-emoji.ts";
export { bucketFor, padRows } from "./buckets.ts";
export { classesOf, numbersOfClasses } from "./examples/class-list.ts";
export {
  datasetTasks,
  picturesOf,
  type CaptioningExample,
  type ClassificationExample,
  type DatasetTask,
  type ExampleOf,
  type ExampleText,
  type ReasoningExample,
  type RetrievalExample,
  type VqaExample,
} from "./examples/example.ts";
export { pretrainingExamples, readPretraining, type PictureExample, type PretrainingExamples, type TextExample } from "./examples/read-pretraining.ts";
export { splits, type Split } from "./examples/find-files.ts";
export { holdOut } from "./examples/hold-out.ts";
export { missingSplit, readDataset, readWhole, type ReadDatasetOptions } from "./examples/read-dataset.ts";
export type { DataFolder, FolderSource } from "./folders/data-folder.ts";
export { openFolder } from "#folder";
export { Pictures } from "./pictures.ts";
export { Prefetcher } from "./prefetch.ts";
export { ShuffledSampler } from "./sampler.ts";
export { readTable } from "./tables/read-table.ts";
export { formatPlace, Row, type RowPlace } from "./tables/row.ts";
