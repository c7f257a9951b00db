import type { RowPlace } from "../tables/row.ts";

/** A text as people write it, or as its ids, without `<s>` and `</s>`, as the official index files hold it. */
export type ExampleText = string | readonly number[];

export interface ClassificationExample extends RowPlace {
  /** Path of a picture in the folder. */
  image: string;
  /** Name of its class; in official index files its number. */
  label: string;
}

export interface RetrievalExample extends RowPlace {
  image: string;
  text: ExampleText;
  /** Texts with the same one belong to one picture. */
  imageId: string;
}

export interface CaptioningExample extends RowPlace {
  image: string;
  /** None in official index files of test sets. */
  captions: ExampleText[];
  imageId: string;
}

export interface VqaExample extends RowPlace {
  image: string;
  question: ExampleText;
  /** What people answered: one answer, or one of each person. Empty in test sets. */
  answers: string[];
  /** Of official index files: numbers of answers and how right each is, instead of `answers`. */
  scored?: { labels: number[]; scores: number[] };
  questionId: string;
}

export interface ReasoningExample extends RowPlace {
  left: string;
  right: string;
  sentence: ExampleText;
  /** Whether the sentence is true of the two pictures. */
  label: boolean;
  /** Of NLVR2: `dev-850-0-1`. */
  identifier?: string;
}

/** The examples of each task. */
export interface ExampleOf {
  classification: ClassificationExample;
  retrieval: RetrievalExample;
  captioning: CaptioningExample;
  vqa: VqaExample;
  reasoning: ReasoningExample;
}

export type DatasetTask = keyof ExampleOf;
export const datasetTasks = ["classification", "retrieval", "captioning", "vqa", "reasoning"] as const satisfies readonly DatasetTask[];

/** Paths of the pictures of an example. */
export const picturesOf = (example: ExampleOf[DatasetTask]): string[] => ("left" in example ? [example.left, example.right] : [example.image]);
