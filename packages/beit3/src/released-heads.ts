import { OptionError } from "@multiway/errors";
import { oneInitialiser, scaledInitialiser, truncatedNormalInitialiser, zeroInitialiser } from "@multiway/nn";
import { parameter, type Initialiser, type Shape, type Tensor } from "@multiway/tensor";

/** What a released file was trained for. */
export type ReleasedTask = "pretraining" | "retrieval" | "classification" | "vqa" | "reasoning" | "captioning";

export interface ReleasedHeadSizes {
  embedDim: number;
  vocabularySize: number;
  /** Of classification (1000 in the releases), question answering (3129) and reasoning (2). */
  numClasses?: number;
}

type Parameters = Record<string, Tensor>;

/** Linear layers of all heads begin like the encoder's. */
const spread = truncatedNormalInitialiser(0.02, 0.02);
/** Two heads are then made a thousand times smaller. */
const small = scaledInitialiser(spread, 0.001);
const visualTokens = 8192;

const linear = (name: string, [out, width]: readonly [number, number], weight: Initialiser = spread): Parameters => ({
  [`${name}.weight`]: parameter([out, width], weight),
  [`${name}.bias`]: parameter([out], zeroInitialiser),
});
const norm = (name: string, width: number): Parameters => ({ [`${name}.weight`]: parameter([width], oneInitialiser), [`${name}.bias`]: parameter([width], zeroInitialiser) });

const heads: Readonly<Record<ReleasedTask, (sizes: ReleasedHeadSizes) => Parameters>> = {
  pretraining: ({ embedDim, vocabularySize }) => ({ ...linear("mlm_head", [vocabularySize, embedDim]), ...linear("mim_head", [visualTokens, embedDim]) }),
  retrieval: ({ embedDim }) => ({
    logit_scale: parameter([], () => Float32Array.of(Math.log(1 / 0.07))),
    "language_head.weight": parameter([embedDim, embedDim], spread),
    "vision_head.weight": parameter([embedDim, embedDim], spread),
  }),
  classification: ({ embedDim, numClasses = 1000 }) => ({ ...norm("fc_norm", embedDim), ...linear("head", [numClasses, embedDim], small) }),
  vqa: ({ embedDim, numClasses = 3129 }) => ({
    ...norm("pooler.norm", embedDim),
    ...linear("pooler.dense", [embedDim, embedDim]),
    ...linear("head.0", [2 * embedDim, embedDim]),
    ...norm("head.1", 2 * embedDim),
    ...linear("head.3", [numClasses, 2 * embedDim]),
  }),
  reasoning: ({ embedDim, numClasses = 2 }) => ({
    ...norm("head.norm1", 4 * embedDim),
    ...linear("head.dense1", [2 * embedDim, 4 * embedDim], small),
    ...norm("head.norm2", 2 * embedDim),
    ...linear("head.dense2", [numClasses, 2 * embedDim], small),
  }),
  captioning: ({ embedDim, vocabularySize }) => linear("mlm_head", [vocabularySize, embedDim]),
};

/**
 * The parameters that a released model has on top of its encoder, by official name, with their first values still to be made.
 *
 * Source: microsoft/unilm: beit3/modeling_finetune.py.
 */
export function releasedHead(task: ReleasedTask, sizes: ReleasedHeadSizes): Record<string, Tensor> {
  if (!Object.hasOwn(heads, task)) throw new OptionError(`releasedHead: task is ${JSON.stringify(task)}; expected ${Object.keys(heads).join(", ")}.`);
  return heads[task](sizes);
}

/** Whether the encoder of a released model ends in a norm: those of classification and question answering have one in the head instead. */
export const endsInNorm = (task: ReleasedTask): boolean => task !== "classification" && task !== "vqa";

/** The task of a released file, by the tensors that it has beside the encoder's; undefined for the encoder alone and anything else. */
export function taskOf(shapes: ReadonlyMap<string, Shape>): ReleasedTask | undefined {
  const others = [...shapes.keys()].filter((name) => !name.startsWith("beit3.")).sort().join();
  return (Object.keys(heads) as ReleasedTask[]).find((task) => Object.keys(heads[task]({ embedDim: 1, vocabularySize: 1 })).sort().join() === others);
}
