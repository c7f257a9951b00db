import { PretrainingRun, type Augmentation } from "@multiway/beit3";
import { openFolder, Pictures, readDataset, readPretraining, type PretrainingExamples } from "@multiway/data";
import { OptionError } from "@multiway/errors";
import type { Key } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import { taskTextLengths } from "@multiway/tokenizers";
import { startingPoint, type StartFlags } from "../finetune/starting-point.ts";
import { textTokenizer, tokenizerFile, type TokenizerFlags } from "../finetune/text-tokenizer.ts";

export interface PretrainSetUpFlags extends Omit<StartFlags, "from" | "new">, TokenizerFlags {
  data: string;
  new: string;
  codes: number;
  steps: number;
  batch: number;
  learningRate: number;
  warmup?: number;
  dropPath: number;
  evalEvery?: number;
  augment: Augmentation;
}

export interface PretrainSetUp {
  run: PretrainingRun;
  /** The vocabulary's file. */
  tokenizer: Uint8Array;
  notes: string[];
}

/** Of pairs without a validation table, so many are held out, at most a tenth. */
const heldOutPairs = 512;

/** Reads the data, learns or reads the vocabulary, and builds the model. */
export async function setUpPretraining(flags: PretrainSetUpFlags, { device, key }: { device: Device; key: Key }): Promise<PretrainSetUp> {
  const folder = await openFolder(flags.data);
  const all = await readPretraining(folder);
  const { training, validation, isHeldOut } = await split(all, async () => await readDataset("retrieval", folder, { split: "validation" }));
  for (const [kind, count] of [["pictures", training.images.length], ["texts", training.texts.length], ["pairs", training.pairs.length]] as const) {
    if (count < flags.batch) throw new OptionError(`pretrain: ${count} ${kind} to learn from and --batch ${flags.batch}; expected at least a batch of each. Give a smaller --batch, or more data.`);
  }
  const start = await startingPoint({ ...flags });
  const texts = (await textTokenizer("retrieval", start, training.texts, flags))!;
  const sizes = start.sizes(texts.tokenizer.vocabularySize);
  const pictures = new Pictures(folder);
  const { batch, codes, dropPath, augment, steps, learningRate, warmup, evalEvery } = flags;
  const run = await PretrainingRun.create({
    device, key, sizes, training, validation, batch, codes, dropPath, augment, tokenizerFile,
    pictures: (path, place) => pictures.get(path, place),
    tokenizer: texts.tokenizer,
    maxTextLength: Math.min(taskTextLengths.retrieval, sizes.textPositions - 2),
    course: { steps, learningRate, minimumRate: 1e-5, warmupSteps: warmup ?? Math.min(100, Math.ceil(steps / 10)), evaluateEvery: evalEvery ?? Math.max(1, Math.ceil(steps / 10)) },
  });
  return {
    run,
    tokenizer: texts.bytes,
    notes: [
      `${training.images.length} pictures, ${training.texts.length} texts and ${training.pairs.length} pairs to learn from; ${validation.pairs.length} pairs to measure on${isHeldOut ? ", held out" : ""}`,
      `${texts.tokenizer.vocabularySize} word pieces`,
    ],
  };
}

async function split(all: PretrainingExamples, readValidation: () => Promise<PretrainingExamples["pairs"] | undefined>): Promise<{ training: PretrainingExamples; validation: PretrainingExamples; isHeldOut: boolean }> {
  const given = await readValidation();
  const only = (pairs: PretrainingExamples["pairs"]): PretrainingExamples => ({ images: pairs, texts: pairs, pairs });
  if (given) return { training: all, validation: only(given), isHeldOut: false };
  const { pairs } = all;
  const every = Math.max(10, Math.ceil(pairs.length / heldOutPairs));
  const held = new Set(pairs.filter((_, index) => index % every === every - 1).map(({ image }) => image));
  const validation = pairs.filter(({ image }) => held.has(image));
  if (validation.length === 0) throw new OptionError(`pretrain: ${pairs.length} pairs; expected at least 10, some of them to measure on. Add pairs, or a table val.csv.`);
  return { training: { ...all, images: all.images.filter(({ image }) => !held.has(image)), pairs: pairs.filter(({ image }) => !held.has(image)) }, validation: only(validation), isHeldOut: true };
}
