import { pieceOfByte } from "./model-file/check-model.ts";
import { pieceType, type SentencePieceModel } from "./model-file/model.ts";
import { utf8Bytes } from "./text/utf8.ts";
import { buildByteTrie, lookUp, type ByteTrie } from "./trie/byte-trie.ts";

/** The pieces of a checked model, with the look-ups that encoding and decoding share. */
export class Vocabulary {
  readonly pieces: readonly string[];
  readonly scores: Float32Array;
  readonly types: Uint8Array;
  /** Id of the one piece of type "unknown". */
  readonly unknownId: number;
  /** Id of each byte's piece, [256]; undefined without byte fallback. */
  readonly byteIds: Int32Array | undefined;
  /** Symbols that are cut out before anything else; undefined when there is none. */
  readonly userDefinedTrie: ByteTrie | undefined;
  readonly #ids = new Map<string, number>();
  #trie: ByteTrie | undefined;
  #reservedTrie: ByteTrie | undefined;

  constructor(model: SentencePieceModel) {
    this.pieces = model.pieces;
    this.scores = model.scores;
    this.types = model.types;
    this.unknownId = model.types.indexOf(pieceType.unknown);
    for (let id = 0; id < model.pieces.length; id++) this.#ids.set(model.pieces[id]!, id);
    const userDefined = this.#idsOf((type) => type === pieceType.userDefined);
    this.userDefinedTrie = userDefined.length > 0 ? this.#trieOf(userDefined) : undefined;
    this.byteIds = model.trainer.byteFallback ? Int32Array.from({ length: 256 }, (_, byte) => this.#ids.get(pieceOfByte(byte))!) : undefined;
  }

  /** Pieces that text may be cut into: normal, user-defined and unused ones. */
  get trie(): ByteTrie {
    this.#trie ??= this.#trieOf(this.#idsOf((type) => type === pieceType.normal || type === pieceType.userDefined || type === pieceType.unused));
    return this.#trie;
  }

  /** Id of a piece; undefined for a text that is none. */
  idOf(piece: string): number | undefined {
    return this.#ids.get(piece);
  }

  /** Id of the stretch from `begin` to `end`, were it a piece of any type; the unknown id for any other. */
  idAt(bytes: Uint8Array, begin: number, end: number): number {
    const id = lookUp(this.trie, bytes, begin, end);
    if (id >= 0) return id;
    this.#reservedTrie ??= this.#trieOf(this.#idsOf((type) => type === pieceType.control || type === pieceType.byte));
    const reserved = lookUp(this.#reservedTrie, bytes, begin, end);
    return reserved >= 0 ? reserved : this.unknownId;
  }

  #idsOf(accepts: (type: number) => boolean): number[] {
    const ids: number[] = [];
    for (let id = 0; id < this.types.length; id++) if (accepts(this.types[id]!)) ids.push(id);
    return ids;
  }

  #trieOf(ids: readonly number[]): ByteTrie {
    return buildByteTrie(
      ids.map((id) => utf8Bytes(this.pieces[id]!)),
      ids,
    );
  }
}
