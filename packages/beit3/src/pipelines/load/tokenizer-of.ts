import { readBytes, type CheckpointSource } from "@multiway/checkpoint";
import { makeTokenizer, type TextTokenizer } from "../inputs/text-tokenizer.ts";
import { sourceOptions } from "./open-file.ts";
import type { OpenedModel } from "./opened.ts";
import type { LoadBeit3Options } from "./options.ts";

/** The tokenizer that is given, or the model's own. */
export async function tokenizerOf(opened: OpenedModel, options: LoadBeit3Options): Promise<TextTokenizer | undefined> {
  const { tokenizer: given } = options;
  if (given !== undefined && isTokenizer(given)) return given;
  const bytes = given === undefined ? await opened.readTokenizer() : await readBytes(given, sourceOptions(options));
  return bytes && makeTokenizer(bytes, opened.description.tokenIds);
}

const isTokenizer = (given: CheckpointSource | TextTokenizer): given is TextTokenizer => typeof given === "object" && "tokenize" in given;
