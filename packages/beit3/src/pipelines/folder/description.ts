import type { ResizeFilter, TransformRecipe } from "@multiway/images";
import type { JointHead } from "../../joint/joint-model.ts";

/** What a model was trained for, and so which head it has. */
export const modelTasks = ["encoder", "pretraining", "retrieval", "zero-shot", "vqa", "captioning", "reasoning", "classification", "joint"] as const;
export type ModelTask = (typeof modelTasks)[number];

/** How the encoder is made: as much of `MultiwayTransformerOptions` as weights and results depend on. */
export interface ModelSizes {
  vocabularySize: number;
  embedDim: number;
  ffnDim: number;
  numHeads: number;
  numLayers: number;
  /** Height and width of pictures, pixels. */
  imageSize: number;
  patchSize: number;
  /** Rows of the table of text positions; two more than the longest text. */
  textPositions: number;
  /** `released`: everything is split by modality, with norms inside; `paper`: shared attention, vision-language experts in the top layers. */
  form: "released" | "paper";
  /** Default: the form's. */
  visionLanguageLayers?: number;
  /** A norm after the last layer. */
  finalNorm: boolean;
}

/** How a picture becomes input: as `evaluationTransform` of `@multiway/images`. */
export interface ImageSettings {
  /** Height and width, pixels: the model's. */
  size: number;
  /** Of red, green and blue, on the scale 0 … 1. */
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
  interpolation: ResizeFilter;
  /** `square` resizes whatever the aspect ratio, `imagenet` the shorter side and takes the middle. */
  recipe: TransformRecipe;
}

/** `model.json` of a model folder: what its weights are of, and what goes in and comes out. */
export interface ModelDescription {
  format: "multiway-model";
  version: 1;
  task: ModelTask;
  /** Of a joint model: the tasks of its heads. */
  heads?: readonly JointHead[];
  model: ModelSizes;
  image: ImageSettings;
  /** Tokens of a text at most, the first and the last counted; longer ones are cut at their end. */
  maxTextLength: number;
  /** File of the SentencePiece model; without one only pictures can be read. */
  tokenizer?: string;
  /** How its pieces are numbered: as XLM-RoBERTa does it, as all official models, or as they are in the file. */
  tokenIds: "xlm-roberta" | "pieces";
  /** File of the weights. */
  weights: string;
  /** What the weights are called: as in official checkpoints, or as our modules call them, as models in the paper's form must. */
  names: "official" | "own";
  /** Of question answering and classification: how many answers or classes the head has. Default: the length of their list. */
  numOutputs?: number;
  /** Of question answering: all answers, by number. Without them it cannot answer. */
  answers?: readonly string[];
  /** Of classification: names of all classes, by number. Of zero-shot classification: those to choose from unless others are given. */
  classes?: readonly string[];
  /** Of zero-shot classification: sentences for a class, with `{}` for its name. */
  templates?: readonly string[];
  /** Of retrieval: what of a sequence becomes its vector, and how wide that is. Default: the first token, and as wide as the encoder. */
  pooling?: "first" | "mean";
  outputDim?: number;
  /** Of a pretrained model, and of a joint one that also guesses what is hidden: how many visual tokens there are. Of a pretrained model without it, the encoder is all that is read. */
  numCodes?: number;
}

/** The file's name in its folder. */
export const descriptionFile = "model.json";
