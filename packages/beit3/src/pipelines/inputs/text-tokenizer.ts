import { TokenizerError } from "@multiway/errors";
import { parseSentencePieceModel, SentencePieceTokenizer, XlmRobertaTokenizer } from "@multiway/tokenizers";
import type { ModelDescription } from "../folder/description.ts";

/** What pipelines ask of a tokenizer; `XlmRobertaTokenizer` is one. */
export interface TextTokenizer {
  readonly beginId: number;
  readonly endId: number;
  readonly paddingId: number;
  readonly maskId: number;
  /** Ids that can occur. */
  readonly vocabularySize: number;
  /** Ids of the text alone. */
  tokenize(text: string): Int32Array;
  /** The text of ids; special ones are left out. */
  decode(ids: ArrayLike<number>): string;
}

/** @throws TokenizerError when the bytes are no SentencePiece model, or one without the special pieces that its numbering needs */
export function makeTokenizer(bytes: Uint8Array, tokenIds: ModelDescription["tokenIds"] = "xlm-roberta"): TextTokenizer {
  const sentencePiece = new SentencePieceTokenizer(parseSentencePieceModel(bytes));
  return tokenIds === "xlm-roberta" ? new XlmRobertaTokenizer(sentencePiece) : new PieceTokenizer(sentencePiece);
}

/** Pieces numbered as their file has them. It must have `<s>`, `</s>`, a padding piece and `<mask>` itself. */
class PieceTokenizer implements TextTokenizer {
  readonly beginId: number;
  readonly endId: number;
  readonly paddingId: number;
  readonly maskId: number;
  readonly vocabularySize: number;
  readonly #sentencePiece: SentencePieceTokenizer;

  constructor(sentencePiece: SentencePieceTokenizer) {
    const special = (name: string, id: number | undefined): number => {
      if (id !== undefined && id !== sentencePiece.unknownId) return id;
      throw new TokenizerError(`loadBeit3: the tokenizer has no piece ${name}, and its pieces are used as they are; expected one with <s>, </s>, <pad> and <mask>. If it is to be numbered as XLM-RoBERTa, say so with "tokenIds".`, { details: { piece: name } });
    };
    this.beginId = special("<s>", sentencePiece.beginId);
    this.endId = special("</s>", sentencePiece.endId);
    this.paddingId = special("<pad>", sentencePiece.paddingId);
    this.maskId = special("<mask>", sentencePiece.pieceToId("<mask>"));
    this.vocabularySize = sentencePiece.vocabularySize;
    this.#sentencePiece = sentencePiece;
  }

  tokenize(text: string): Int32Array {
    return this.#sentencePiece.encodeIds(text);
  }

  decode(ids: ArrayLike<number>): string {
    const specials = [this.beginId, this.endId, this.paddingId, this.maskId];
    return this.#sentencePiece.decode(Array.from(ids).filter((id) => !specials.includes(id)));
  }
}
