import { DataError } from "@multiway/errors";
import { checkPaired, mean } from "../check.ts";

export interface Nlvr2Score {
  /** Share of examples that were predicted right. */
  accuracy: number;
  /** Share of sentences of which every example was. */
  consistency: number;
}

/**
 * Accuracy of visual reasoning, and its consistency: each sentence comes with several pairs of pictures, and counts when all of them are right.
 *
 * @param identifiers  of the examples; those of one sentence differ in their third part alone: `dev-850-0-1` and `dev-850-2-1`
 * @throws ShapeError for unequal numbers; DataError for none, or an identifier of fewer than four parts
 *
 * Source: Suhr et al. 2019, "A corpus for reasoning about natural language grounded in photographs"; lil-lab/nlvr (nlvr2/eval/metrics.py).
 */
export function nlvr2Accuracy(predictions: readonly boolean[], labels: readonly boolean[], identifiers: readonly string[]): Nlvr2Score {
  checkPaired("nlvr2Accuracy", { predictions, labels, identifiers });
  const right = predictions.map((prediction, example) => (prediction === labels[example] ? 1 : 0));
  const sentences = new Map<string, number>();
  identifiers.forEach((identifier, example) => {
    const sentence = sentenceOf(identifier, example);
    sentences.set(sentence, Math.min(sentences.get(sentence) ?? 1, right[example]!));
  });
  return { accuracy: mean(right), consistency: mean([...sentences.values()]) };
}

function sentenceOf(identifier: string, example: number): string {
  const parts = identifier.split("-");
  if (parts.length < 4) throw new DataError(`nlvr2Accuracy: example ${example} is called ${JSON.stringify(identifier)}; expected an identifier such as "dev-850-0-1": split, set, pair, sentence.`);
  return parts.toSpliced(2, 1).join("-");
}
