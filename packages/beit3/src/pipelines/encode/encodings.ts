import type { Shape } from "@multiway/tensor";

/** Numbers and their shape. */
export interface Values {
  shape: Shape;
  data: Float32Array;
}

/** What is asked for beside vectors. */
export interface EncodeOptions {
  /** Also each token's vector. Default false. */
  tokens?: boolean;
  /** Also the input of the first layer and the output of each, before the final norm. Default false. */
  hiddenStates?: boolean;
  /** Also each layer's attention: what share of its attention a token gives to each. Default false. */
  attentions?: boolean;
  /** Stops between batches. */
  signal?: AbortSignal;
}

/** What became of a picture or a text. */
export interface Encoding {
  /** A unit vector of the common space where the model is one for retrieval, to be compared by products; else the first token's vector, [embedDim]. */
  vector: Float32Array;
  /** [length, embedDim]: of a picture its class vector and then its patches, row by row; of a text its tokens, the first and the last included. */
  tokens?: Values;
  /** By layer, [length, embedDim]. */
  hiddenStates?: Values[];
  /** By layer, [heads, length, length]: rows are the tokens that look. */
  attentions?: Values[];
}

/** Of a pair read as one sequence: of its picture and of its text. */
export interface OfPair<T> {
  vision: T;
  language: T;
}

/** What became of a picture and a text, by themselves and together. */
export interface PairEncoding {
  /** Of the picture by itself: as {@link Encoding.vector}. */
  image: Float32Array;
  /** Of the text by itself. */
  text: Float32Array;
  /** Of both as one sequence: the picture's class vector, [embedDim]. */
  joint: Float32Array;
  /** Of the joint sequence: [1 + patches, embedDim] and [text length, embedDim]. */
  tokens?: OfPair<Values>;
  hiddenStates?: OfPair<Values>[];
  /** By layer, [heads, 1 + patches, length of both] and [heads, text length, length of both], the picture's tokens in front. */
  attentions?: OfPair<Values>[];
}
