import type { Recall } from "@multiway/metrics";

export interface BothWays {
  imageToText: Recall;
  textToImage: Recall;
}

/** A name that the model filled in for a picture of the unseen style. */
export interface FilledName {
  id: string;
  emoji: string;
  name: string;
  /** The pieces in question, and what was put there with the picture and with a blank one. */
  pieces: string[];
  withPicture: string[];
  withoutPicture: string[];
}

/** A picture with hidden patches and what the model expects there. */
export interface FilledPatches {
  id: string;
  name: string;
  /** 1 for hidden, row by row. */
  isMasked: number[];
  /** Visual tokens of all patches: those of the picture, and those that the model expects at hidden places. */
  codes: number[];
  predicted: number[];
}

/** One query and its best answers. */
export interface RetrievalRow {
  query: string;
  answers: { id: string; name: string; similarity: number; isRight: boolean }[];
}

/** Where a picture's tokens look: one map per head of a layer, over patches, from one token. */
export interface AttentionExample {
  id: string;
  name: string;
  layer: number;
  /** Words of the name, and for each the attention over patches, averaged over heads, row by row. */
  words: { text: string; overPatches: number[] }[];
  classToken: number[];
}

/** Every figure of the demo, as result.json keeps it. */
export interface DemoResult {
  seed: number;
  device: string;
  deviceDescription: string;
  node: string;
  parameters: number;
  vocabularySize: number;
  visualTokens: { codes: number; used: number };
  pictures: { training: number; unseen: number; concepts: number };
  steps: { pretraining: number; retrieval: number; fromScratch?: number };
  losses: { pretraining: Curve; retrieval: Curve; fromScratch?: Curve };
  naming: { withPicture: number; withoutPicture: number; pieces: number };
  maskedPatches: { accuracy: number; majority: number; patches: number };
  retrieval: BothWays;
  pixelNearestNeighbour: BothWays;
  chance: { recallAt1: number; recallAt5: number; recallAt10: number };
  fromScratch?: BothWays;
  seconds: Record<string, number>;
}

/** Figures by step. */
export interface Curve {
  steps: number[];
  loss: number[];
  /** Further figures, by name. */
  figures: Record<string, number[]>;
}
