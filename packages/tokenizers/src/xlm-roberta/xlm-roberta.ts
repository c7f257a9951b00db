import { formatValue, TokenizerError } from "@multiway/errors";
import { spaceMarkText } from "../text/utf8.ts";
import type { SentencePieceTokenizer } from "../tokenizer.ts";
import { groupWords } from "../word/group-words.ts";
import { cleanUpSpaces } from "./clean-up.ts";
import { patternOfNames, splitAtNames, trimLikePython } from "./special-text.ts";

/** A text ready for the model. Both arrays have the same length. */
export interface ModelInput {
  /** `<s>`, the text, `</s>`, then padding. */
  ids: Int32Array;
  /** 1 where there is padding, 0 where there is text. */
  isPadding: Uint8Array;
}

/** Options of {@link XlmRobertaTokenizer.encode}. */
export interface EncodeOptions {
  /** Longest result in tokens, `<s>` and `</s>` included; the text is cut at its end. Default: no limit. */
  maxLength?: number;
  /** Fill up to `maxLength` with `<pad>`. Default false. */
  pads?: boolean;
}

/** Options of {@link XlmRobertaTokenizer.decode}. */
export interface DecodeOptions {
  /** Leave out `<s>`, `<pad>`, `</s>`, `<unk>` and `<mask>`. Default true. */
  skipsSpecials?: boolean;
  /** Remove blanks before punctuation and inside contractions. Default true, as in `batch_decode` of transformers 4. */
  cleansUpSpaces?: boolean;
}

/**
 * The numbering of BEiT-3 over a SentencePiece model: that of XLM-RoBERTa, which follows Fairseq.
 *
 * `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, every other piece its own id + 1, `<mask>` after the last. With the vocabulary of
 * 64,000 pieces, pieces are 4 to 64000 and `<mask>` is 64001.
 *
 * ```ts
 * const tokenizer = new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(bytes)));
 * const { ids, isPadding } = tokenizer.encode("a dog on a bus", { maxLength: 64, pads: true });
 * ```
 *
 * Source: `XLMRobertaTokenizer` of transformers 4; Conneau et al. 2020.
 */
export class XlmRobertaTokenizer {
  readonly beginId = 0;
  readonly paddingId = 1;
  readonly endId = 2;
  readonly unknownId = 3;
  readonly maskId: number;
  /** Ids that can occur: 64002 for 64,000 pieces. The model's tables may have more rows. */
  readonly vocabularySize: number;
  /** The model below, with its own ids. */
  readonly sentencePiece: SentencePieceTokenizer;
  /** Names of the specials, by their fixed ids. */
  readonly #specials: ReadonlyMap<string, number>;
  readonly #namePattern: RegExp;
  readonly #nameOfSpecial = new Map<number, string>();
  /** Our id of each SentencePiece id. */
  readonly #idOfPiece: Int32Array;

  constructor(sentencePiece: SentencePieceTokenizer) {
    const { pieces } = sentencePiece.model;
    this.sentencePiece = sentencePiece;
    this.maskId = pieces.length + 1;
    this.vocabularySize = pieces.length + 2;
    this.#specials = new Map([
      ["<s>", this.beginId],
      ["<pad>", this.paddingId],
      ["</s>", this.endId],
      ["<unk>", this.unknownId],
      ["<mask>", this.maskId],
    ]);
    this.#namePattern = patternOfNames(this.#specials.keys());
    for (const [name, id] of this.#specials) this.#nameOfSpecial.set(id, name);
    // Id 0 means "unknown" in the original, whatever the piece; so does the unknown id.
    this.#idOfPiece = Int32Array.from(pieces, (piece, id) => {
      const special = this.#specials.get(piece);
      if (special !== undefined) return special;
      return id === 0 || id === sentencePiece.unknownId ? this.unknownId : id + 1;
    });
  }

  /**
   * Ids of the text alone, without `<s>` and `</s>`: what BEiT-3's index files hold.
   *
   * Special names that stand in the text become their ids; `<mask>` swallows the white space at its left.
   */
  tokenize(text: string): Int32Array {
    if (typeof text !== "string") throw new TokenizerError(`tokenize: the text is ${formatValue(text)}; a string is expected.`);
    if (!text.includes("<")) return this.#tokenizePlain(text);
    const ids: number[] = [];
    for (const part of splitAtNames(text, this.#namePattern, "<mask>")) {
      if (part.isSpecial) ids.push(this.#specials.get(part.text)!);
      else for (const id of this.#tokenizePlain(part.text)) ids.push(id);
    }
    return Int32Array.from(ids);
  }

  /**
   * `<s>`, the text, `</s>`, cut and padded.
   *
   * @throws TokenizerError when `maxLength` leaves no room, or padding is asked for without it
   */
  encode(text: string, options: EncodeOptions = {}): ModelInput {
    return this.frame(this.tokenize(text), options);
  }

  /** Like {@link encode}, for ids of {@link tokenize} that were stored. */
  frame(tokens: ArrayLike<number>, { maxLength, pads = false }: EncodeOptions = {}): ModelInput {
    if (maxLength !== undefined && (!Number.isInteger(maxLength) || maxLength < 2 || maxLength > 1 << 24)) {
      throw new TokenizerError(`encode: maxLength is ${formatValue(maxLength)}; an integer from 2, which leaves room for <s> and </s>, to 16777216 is expected.`);
    }
    if (pads && maxLength === undefined) throw new TokenizerError("encode: pads is true without maxLength; say how long the result must be.");
    const kept = maxLength === undefined ? tokens.length : Math.min(tokens.length, maxLength - 2);
    const ids = new Int32Array(pads ? maxLength! : kept + 2).fill(this.paddingId);
    const isPadding = new Uint8Array(ids.length).fill(1, kept + 2);
    ids[0] = this.beginId;
    for (let index = 0; index < kept; index++) {
      this.#checkId("encode", tokens[index]!, index);
      ids[index + 1] = tokens[index]!;
    }
    ids[kept + 1] = this.endId;
    return { ids, isPadding };
  }

  /**
   * Text of ids: pieces joined, `▁` as blank, trimmed.
   *
   * Byte pieces stay spelled out (`<0xF0>`), as in the original.
   *
   * @throws TokenizerError when an id is outside the vocabulary
   */
  decode(ids: ArrayLike<number>, { skipsSpecials = true, cleansUpSpaces = true }: DecodeOptions = {}): string {
    let joined = "";
    for (let index = 0; index < ids.length; index++) {
      this.#checkId("decode", ids[index]!, index);
      if (!skipsSpecials || !this.#nameOfSpecial.has(ids[index]!)) joined += this.idToPiece(ids[index]!);
    }
    const text = trimLikePython(joined.replaceAll(spaceMarkText, " "));
    return cleansUpSpaces ? cleanUpSpaces(text) : text;
  }

  /** The piece, or the name of the special, that `id` stands for. */
  idToPiece(id: number): string {
    this.#checkId("idToPiece", id);
    return this.#nameOfSpecial.get(id) ?? this.sentencePiece.idToPiece(id - 1);
  }

  /** Our id of a piece or special name; the unknown id for any other text. */
  pieceToId(piece: string): number {
    return this.#specials.get(piece) ?? this.#idOfPiece[this.sentencePiece.pieceToId(piece)]!;
  }

  /**
   * Positions of the tokens of each word, for masking whole words; specials and padding belong to none.
   *
   * The result is what `maskTokens` of `@multiway/masking` takes as `words`.
   */
  words(ids: ArrayLike<number>): number[][] {
    const pieces = Array.from({ length: ids.length }, (_, index) => {
      this.#checkId("words", ids[index]!, index);
      return this.idToPiece(ids[index]!);
    });
    const { whitespaceAsSuffix } = this.sentencePiece.model.trainer;
    const groups = groupWords(pieces, { whitespaceAsSuffix, isExcluded: (index) => this.isSpecial(ids[index]!) });
    return groups.map(({ begin, end }) => Array.from({ length: end - begin }, (_, index) => begin + index));
  }

  /** True for `<s>`, `<pad>`, `</s>`, `<unk>` and `<mask>`. */
  isSpecial(id: number): boolean {
    return this.#nameOfSpecial.has(id);
  }

  #tokenizePlain(text: string): Int32Array {
    return this.sentencePiece.encodeIds(text).map((id) => this.#idOfPiece[id]!);
  }

  #checkId(caller: string, id: number, index?: number): void {
    if (Number.isInteger(id) && id >= 0 && id < this.vocabularySize) return;
    const place = index === undefined ? "the id" : `id ${index}`;
    throw new TokenizerError(`${caller}: ${place} is ${formatValue(id)}; an integer from 0 to ${this.vocabularySize - 1} is expected. Ids of another tokenizer may have been given.`);
  }
}
