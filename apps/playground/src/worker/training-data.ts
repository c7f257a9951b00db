import { pretrainingExamples, readEmoji, type PretrainingExamples, type RetrievalExample } from "@multiway/data";
import type { Image } from "@multiway/images";
import { parseSentencePieceModel, SentencePieceTokenizer, trainUnigram, writeSentencePieceModel, XlmRobertaTokenizer } from "@multiway/tokenizers";
import { fetchEmoji } from "./emoji-files.ts";

/** Drawn by this hand are the pictures that are never learnt from. */
const unseenStyle = "blob";

/** What the page pretrains on: the very rows of `pnpm example-data emoji`, so that the command line goes on with what was begun here. */
export interface TrainingData {
  training: PretrainingExamples;
  validation: PretrainingExamples;
  pictures: (path: string) => Promise<Image>;
  tokenizer: XlmRobertaTokenizer;
  /** The vocabulary's file. */
  vocabulary: Uint8Array;
}

/** Reads the emoji set, and learns a vocabulary from its names. */
export async function readTrainingData(signal: AbortSignal): Promise<TrainingData> {
  const { concepts, styles } = await readEmoji(await fetchEmoji(signal));
  const names = new Map(concepts.map(({ id, name }) => [id, name]));
  const images = new Map<string, Image>();
  const pairs: Record<"train.jsonl" | "val.jsonl", RetrievalExample[]> = { "train.jsonl": [], "val.jsonl": [] };
  for (const { name: style, ids, image: imageOf } of styles.values()) {
    const file = style === unseenStyle ? "val.jsonl" : "train.jsonl";
    for (const id of ids) {
      const image = `images/${style}-${id}.png`;
      images.set(image, imageOf(id));
      pairs[file].push({ file, line: pairs[file].length + 1, image, imageId: image, text: names.get(id)! });
    }
  }
  const training = pretrainingExamples(pairs["train.jsonl"]);
  const vocabulary = writeSentencePieceModel(trainUnigram(training.texts.map(({ text }) => text as string), { vocabularySize: 2000, acceptsFewer: true }));
  const validation = pairs["val.jsonl"];
  return {
    training,
    validation: { images: validation, texts: validation, pairs: validation },
    pictures: (path) => Promise.resolve(images.get(path)!),
    tokenizer: new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(vocabulary))),
    vocabulary,
  };
}
