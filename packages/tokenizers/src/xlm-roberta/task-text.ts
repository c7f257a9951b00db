import { formatValue, TokenizerError } from "@multiway/errors";
import type { ModelInput, XlmRobertaTokenizer } from "./xlm-roberta.ts";

/**
 * Tokens that a text has in each task of BEiT-3, `<s>`, `</s>` and padding counted.
 *
 * Captions are trained with 32 and decoded with up to 64.
 *
 * Source: microsoft/unilm `beit3/get_started` (facts).
 */
export const taskTextLengths = {
  questionAnswering: 64,
  reasoning: 64,
  retrieval: 64,
  captioning: 32,
  captionDecoding: 64,
} as const;

export type TextTask = keyof typeof taskTextLengths;

/**
 * A text as BEiT-3 reads it in a task: cut at its end, framed, padded to the task's length.
 *
 * ```ts
 * const { ids, isPadding } = encodeForTask(tokenizer, "How many dogs are there?", "questionAnswering"); // 64 each
 * ```
 *
 * @param text a string, or ids of `tokenize` as index files hold them
 * @throws TokenizerError when the text is empty, which the official loader refuses as well
 */
export function encodeForTask(tokenizer: XlmRobertaTokenizer, text: string | ArrayLike<number>, task: TextTask): ModelInput {
  if (!Object.hasOwn(taskTextLengths, task)) {
    throw new TokenizerError(`encodeForTask: the task is ${formatValue(task)}; ${Object.keys(taskTextLengths).join(", ")} are expected.`);
  }
  const tokens = typeof text === "string" ? tokenizer.tokenize(text) : text;
  if (tokens.length === 0) throw new TokenizerError(`encodeForTask: the text is ${formatValue(text)}, without any token; ${task} needs at least one. Leave such a row out.`);
  return tokenizer.frame(tokens, { maxLength: taskTextLengths[task], pads: true });
}
