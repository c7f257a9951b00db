import { bucketFor, padRows } from "@multiway/data";
import { formatValue, TokenizerError } from "@multiway/errors";
import type { Device, Tensor } from "@multiway/tensor";
import type { TextTokenizer } from "./text-tokenizer.ts";

/** A text, or ids of `tokenize` as index files hold them, without the first and the last token. */
export type Text = string | Int32Array;

/** Texts of one width as the model reads them. */
export interface TextTensors {
  /** i32 [texts, width] */
  text: Tensor;
  /** Bool [texts, width] */
  isPadding: Tensor;
}

/** Narrower than this no text is padded to. */
const narrowest = 8;

/** Makes texts the model's input. */
export class TextReader {
  /** Widths that texts are padded to: few, since each makes programs of its own. */
  readonly widths: readonly number[];
  readonly #tokenizer: TextTokenizer | undefined;
  readonly #device: Device;
  readonly #maxLength: number;

  constructor(tokenizer: TextTokenizer | undefined, { maxLength, vocabularySize, device }: { maxLength: number; vocabularySize: number; device: Device }) {
    if (tokenizer && tokenizer.vocabularySize > vocabularySize) {
      throw new TokenizerError(`loadBeit3: the tokenizer has ${tokenizer.vocabularySize} ids; the model's table has ${vocabularySize} rows. Give the tokenizer that the model was trained with.`, { details: { tokenizer: tokenizer.vocabularySize, model: vocabularySize } });
    }
    this.#tokenizer = tokenizer;
    this.#device = device;
    this.#maxLength = maxLength;
    const widths: number[] = [];
    for (let width = narrowest; width < maxLength; width *= 2) widths.push(width);
    this.widths = [...widths, maxLength];
  }

  /** @throws TokenizerError for a model without one */
  get tokenizer(): TextTokenizer {
    if (this.#tokenizer) return this.#tokenizer;
    throw new TokenizerError("Beit3: the model was loaded without a tokenizer; texts need the one that it was trained with. Pass `tokenizer` to loadBeit3, the SentencePiece model's file (beit3.spm for the released models).");
  }

  /** First token, text, last token; cut at its end to the longest length. @throws TokenizerError for a text without any token */
  frame(text: Text): Int32Array {
    const { tokenizer } = this;
    const tokens = typeof text === "string" ? tokenizer.tokenize(text) : text;
    if (tokens.length === 0) throw new TokenizerError(`Beit3: a text is ${formatValue(text)}, without any token; expected at least one. Leave it out.`);
    for (const id of tokens) {
      if (!(id >= 0 && id < tokenizer.vocabularySize)) throw new TokenizerError(`Beit3: a text has the id ${id}; expected ids from 0 to ${tokenizer.vocabularySize - 1}. They may be of another tokenizer.`, { details: { id } });
    }
    return Int32Array.from([tokenizer.beginId, ...tokens.subarray(0, this.#maxLength - 2), tokenizer.endId]);
  }

  /** What a framed text is padded to. */
  widthOf(ids: Int32Array): number {
    return bucketFor(ids.length, this.widths);
  }

  /** @param rows of {@link TextReader.frame} */
  tensors(rows: readonly Int32Array[], width: number): TextTensors {
    const { values, isPadding } = padRows(rows, width, this.tokenizer.paddingId);
    const shape = [rows.length, width];
    return { text: this.#device.tensor(values, { shape }), isPadding: this.#device.tensor(isPadding, { shape, dtype: "bool" }) };
  }
}
