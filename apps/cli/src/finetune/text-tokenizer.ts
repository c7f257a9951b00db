import { readFile } from "node:fs/promises";
import type { DatasetTask, ExampleText, RowPlace } from "@multiway/data";
import { OptionError, TokenizerError } from "@multiway/errors";
import { parseSentencePieceModel, SentencePieceTokenizer, trainUnigram, writeSentencePieceModel, XlmRobertaTokenizer } from "@multiway/tokenizers";
import type { StartingPoint } from "./starting-point.ts";

/** A tokenizer and the file that it is kept in. */
export interface TextTokenizer {
  tokenizer: XlmRobertaTokenizer;
  bytes: Uint8Array;
}

/** What its file is called in a model folder. */
export const tokenizerFile = "sentencepiece.model";

export interface TokenizerFlags {
  /** A SentencePiece model. */
  tokenizer?: string;
  /** Pieces of a new vocabulary, at most. */
  vocabulary: number;
}

/**
 * The tokenizer of a run: the file that is named, that of the model folder, or, for a new model, one that is learnt from the training texts. Undefined for a task without texts.
 *
 * @throws OptionError when there is none to be had
 */
export async function textTokenizer(task: DatasetTask, start: StartingPoint, examples: readonly RowPlace[], { tokenizer: file, vocabulary }: TokenizerFlags): Promise<TextTokenizer | undefined> {
  if (file !== undefined) {
    const bytes = await readFile(file).catch((cause: unknown) => {
      throw new TokenizerError(`--tokenizer ${file} cannot be read (${(cause as { code?: string }).code ?? "unknown reason"}); expected a SentencePiece model. Check the path.`, { cause });
    });
    return parse(bytes);
  }
  if (start.tokenizer) return parse(start.tokenizer);
  if (task === "classification") return undefined;
  if (start.size !== "new" || start.open) throw new OptionError(`finetune: ${start.name} has no tokenizer beside it; expected the SentencePiece model that its texts were encoded with. Give --tokenizer beit3.spm.`);
  const texts = examples.flatMap((example) => textsOf(task, example));
  const written = texts.filter((text): text is string => typeof text === "string");
  if (written.length < texts.length) throw new OptionError("the texts are ids of a tokenizer, as the official index files hold them, and a new model has none; expected that tokenizer. Give --tokenizer beit3.spm.");
  return parse(writeSentencePieceModel(trainUnigram(written, { vocabularySize: vocabulary, acceptsFewer: true })));
}

const parse = (bytes: Uint8Array): TextTokenizer => ({ bytes, tokenizer: new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(bytes))) });

function textsOf(task: DatasetTask, example: object): readonly ExampleText[] {
  const { text, captions, question, sentence } = example as { text?: ExampleText; captions?: ExampleText[]; question?: ExampleText; sentence?: ExampleText };
  const found: (ExampleText | undefined)[] = { classification: [], retrieval: [text], captioning: captions ?? [], vqa: [question], reasoning: [sentence] }[task];
  return found.filter((one): one is ExampleText => one !== undefined);
}
