import type { CaptioningExample } from "@multiway/data";
import { DataError } from "@multiway/errors";
import { Captioner, CaptioningModel, type CaptioningBatch } from "@multiway/head-captioning";
import { drawsFrom, maskCaption } from "@multiway/masking";
import { evaluateCaptions } from "@multiway/metrics";
import type { Key } from "@multiway/random";
import { holeTargets } from "../../hole-targets.ts";
import { filledChunks, type HeadContext } from "../head-context.ts";
import type { TaskHead } from "../task-head.ts";

export interface CaptioningHeadOptions {
  /** Share of a caption's tokens that are hidden. Default 0.7. */
  maskRatio?: number;
  /** Default 0.1. */
  labelSmoothing?: number;
  /** From this step on the fifth of the hidden places that does worst is left out. Default 12000. */
  dropWorstAfter?: number;
  /** Sentences that are followed at a time in evaluation. Default 3. */
  numBeams?: number;
}

/** A captioning batch, and whether the places that do worst are left out: one program for each. */
export interface CaptionTrainingBatch extends CaptioningBatch {
  dropsWorst: boolean;
}

const worstShare = 0.2;

/** Captions by masked fine-tuning, as the official code does it: each training example has one caption. */
export function captioningHead(context: HeadContext, options: CaptioningHeadOptions = {}): TaskHead<CaptioningModel, CaptioningExample, CaptionTrainingBatch> {
  const { maskRatio = 0.7, labelSmoothing = 0.1, dropWorstAfter = 12_000, numBeams = 3 } = options;
  const { tokenizer, device, maxTextLength } = context;
  const masking = { ratio: maskRatio, maskId: tokenizer.maskId, randomIds: [tokenizer.unknownId, tokenizer.vocabularySize] } as const;
  const tokens = { first: tokenizer.beginId, last: tokenizer.endId, padding: tokenizer.paddingId, mask: tokenizer.maskId };
  const picture = (example: CaptioningExample) => ({ path: example.image, place: example });
  let captioner: Captioner | undefined;
  return {
    task: "captioning",
    reads: ["vision", "language"],
    create: (transformer) => new CaptioningModel(transformer),
    loss: (model, { dropsWorst, ...batch }, key) => model.loss(batch, { key, labelSmoothing, dropWorst: dropsWorst ? worstShare : 0 }),
    async prepare(examples, key, step) {
      const [forPixels, forHoles] = key.split(2) as [Key, Key];
      const pixels = await context.pixels("square", examples.map(picture), { key: forPixels, randAugment: true });
      const masked = examples.map((example, index) => maskCaption(context.ids(example.captions[0]!, example), masking, drawsFrom(forHoles.fold(index))));
      const { text, isPadding, width } = context.textTensors(masked.map(({ ids }) => ids));
      // Room for all holes that texts of this width can have, so that the size does not depend on the draw.
      const room = examples.length * Math.max(1, Math.min(width - 1, Math.floor(width * maskRatio + 0.5)));
      const { positions, targets } = holeTargets(masked, width, room);
      return { images: context.imageTensor(pixels), text, isPadding, positions: device.tensor(positions), targets: device.tensor(targets), dropsWorst: step >= dropWorstAfter };
    },
    async evaluate(model, examples, { signal, onProgress } = {}) {
      const described = examples.filter(({ captions }) => captions.length > 0);
      if (described.length === 0) throw new DataError(`captioningHead: none of ${examples.length} pictures has a caption to compare with; expected at least one.`);
      captioner ??= new Captioner(model, { device, tokens });
      captioner.model = model;
      const written: string[] = [];
      for (const { items, count, start } of filledChunks(described, context.evaluationBatch)) {
        signal?.throwIfAborted();
        using images = context.imageTensor(await context.pixels("square", items.map(picture)));
        const { captions } = await captioner.generate(images, { numBeams, maxLength: maxTextLength, ...(signal && { signal }) });
        // Rows beyond the tokenizer's words mean nothing.
        written.push(...captions.slice(0, count).map(({ ids }) => tokenizer.decode(ids.filter((id) => id < tokenizer.vocabularySize))));
        onProgress?.(start + count, described.length);
      }
      const references = described.map(({ captions }) => captions.map((caption) => (typeof caption === "string" ? caption : tokenizer.decode(caption))));
      const { ciderD, bleu, rougeL, meteorExactStem } = evaluateCaptions(written, references);
      const exact = written.filter((text, index) => references[index]!.includes(text)).length / written.length;
      const predictions = described.map(({ image, imageId }, index) => ({ image, image_id: imageId, caption: written[index]!, references: references[index]! }));
      return { score: ciderD, figures: { ciderD, bleu4: bleu[3]!, rougeL, meteorExactStem, exact }, predictions };
    },
  };
}
