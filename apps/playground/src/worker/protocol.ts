import type { LoadingProgress } from "@multiway/beit3";

/** Which device to compute on: `auto` takes a GPU where there is one. */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/** Where a model comes from: the one that comes along, an address, a checkpoint's file, or the files of a model folder. */
export type ModelPlace = "mini" | { address: string } | { files: File[] };

/** What is known of a model that is open. */
export interface ModelInfo {
  name: string;
  device: string;
  description: string;
  abilities: string[];
  parameters: number;
  /** Pictures are read in so many patches each way. */
  patchesPerSide: number;
  imageSize: number;
  layers: number;
  heads: number;
  /** Milliseconds that opening took. */
  openedIn: number;
}

/** Where every token of a picture, and of a text beside it, looks: for each layer [heads, queries, keys]. */
export interface AttentionMaps {
  heads: number;
  patchesPerSide: number;
  /** The text's tokens, with the first and the last one; empty for a picture alone. */
  words: string[];
  /** Queries of the class token and the patches; keys are these and the words. */
  vision: Float32Array[];
  /** Queries of the words; absent without a text. */
  language?: Float32Array[];
}

export interface Scored {
  name: string;
  /** 0 to 1 */
  share: number;
}

export interface Guess {
  /** Place among the words of the text. */
  place: number;
  withPicture: Scored[];
  textAlone: Scored[];
}

/** A picture of pixels. */
export interface Pixels {
  width: number;
  height: number;
  /** Red, green, blue, alpha. */
  data: Uint8ClampedArray;
}

/** What a model in training expects where something is hidden. */
export interface Glimpse {
  /** Steps done. */
  step: number;
  examples: {
    /** The words that it sees; one more follows. */
    words: string;
    /** The word that it expects. */
    guess: string;
    /** How sure it is, 0 to 1. */
    share: number;
    picture: Pixels;
    /** For each patch, row by row. */
    hidden: boolean[];
    /** The picture with what it expects in the hidden patches. */
    painted: Pixels;
  }[];
}

/** Shares from 0 to 1 of what is hidden in pictures and names that are not learnt from. */
export interface TrainingFigures {
  step: number;
  words: number;
  /** The same words beside a grey picture. */
  wordsAlone: number;
  patches: number;
}

/** What a training tells on its way. */
export type TrainingNews =
  | { kind: "stage"; text: string }
  | { kind: "step"; step: number; loss: number; words: number; patches: number; perSecond: number }
  | { kind: "glimpse"; glimpse: Glimpse }
  | { kind: "evaluation"; evaluation: TrainingFigures }
  | { kind: "device"; text: string };

/** What can be pretrained: how large a model, of how many visual tokens, on batches of how many pictures, texts and pairs, of each. */
export const trainingPlans = {
  small: { layers: 4, width: 128, codes: 512, batch: 32 },
  tiny: { layers: 2, width: 32, codes: 64, batch: 4 },
} as const;
export type TrainingPlan = keyof typeof trainingPlans;

/** What a training has come to. */
export interface TrainingSoFar {
  plan: TrainingPlan;
  /** Steps done. */
  step: number;
  steps: number;
  /** By step; steps before a run was loaded are missing. */
  losses: number[];
  /** Share of hidden words guessed, by step. */
  words: number[];
  evaluations: TrainingFigures[];
  glimpse?: Glimpse;
}

/** What the page asks of the worker: what goes in, what comes out, and what is told on the way. */
export interface Calls {
  open: { input: { device: DeviceChoice; place: ModelPlace }; output: ModelInfo; progress: LoadingProgress };
  /** Of the device, billions of operations a second. */
  measure: { input: Record<never, never>; output: number; progress: never };
  attend: { input: { picture: Blob; text: string }; output: AttentionMaps; progress: never };
  name: { input: { picture: Blob; names: string[] }; output: Scored[]; progress: never };
  ask: { input: { picture: Blob; question: string }; output: Scored[]; progress: never };
  judge: { input: { left: Blob; right: Blob; sentence: string }; output: { isTrue: boolean; probability: number }; progress: never };
  caption: { input: { picture: Blob }; output: string; progress: string };
  search: { input: { pictures: Blob[]; query: string | Blob }; output: { index: number; score: number }[]; progress: never };
  words: { input: { picture: Blob; words: string[]; hidden: number[] }; output: Guess[]; progress: never };
  teach: { input: { classes: { name: string; pictures: Blob[] }[]; steps: number }; output: { accuracy: number }; progress: { step: number; steps: number; loss: number; accuracy: number } };
  /** What a picture shows, by what was taught. */
  tell: { input: { picture: Blob }; output: Scored[]; progress: never };
  /** The files of the taught model's folder. */
  taught: { input: Record<never, never>; output: { name: string; bytes: Uint8Array<ArrayBuffer> }[]; progress: never };
  /** Pretrains from where it stands. */
  train: { input: { plan: TrainingPlan }; output: { isFinished: boolean }; progress: TrainingNews };
  pause: { input: Record<never, never>; output: void; progress: never };
  trainingSoFar: { input: Record<never, never>; output: TrainingSoFar; progress: never };
  forgetTraining: { input: Record<never, never>; output: TrainingSoFar; progress: never };
  /** Takes a saved run in place of what was learnt. */
  loadTraining: { input: { file: Blob }; output: TrainingSoFar; progress: never };
  /** Files of the saved run and its best model. */
  trainingFiles: { input: Record<never, never>; output: { name: string; bytes: Uint8Array<ArrayBuffer> }[]; progress: never };
  patches: { input: { picture: Blob; hidden: boolean[]; text: string }; output: { image: Pixels; right: number; hidden: number }; progress: never };
}

export type CallName = keyof Calls;

export type ToWorker = { [K in CallName]: { id: number; call: K; input: Calls[K]["input"] } }[CallName] | { id: number; abort: true };

export type FromWorker =
  | { id: number; output: unknown }
  | { id: number; progress: unknown }
  | { id: number; error: { name: string; message: string } }
  /** The device is gone; the next `open` takes another one. */
  | { lost: string };
