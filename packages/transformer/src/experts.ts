import { InternalError } from "@multiway/errors";
import { Module } from "@multiway/nn";
import type { Tensor } from "@multiway/tensor";

/** The two kinds of tokens. */
export type Modality = "vision" | "language";
export const modalities: readonly Modality[] = ["vision", "language"];

/** One value per modality that a call holds. */
export interface ByModality<T> {
  vision?: T;
  language?: T;
}

/** Which modality comes first in a joined sequence: attention masks and maps are read in this order. BEiT-3 has pictures first, VLMo texts. */
export type SequenceOrder = "visionFirst" | "languageFirst";

/** What is there, as it stands in a joined sequence. */
export function inSequence<T>({ vision, language }: ByModality<T>, order: SequenceOrder = "visionFirst"): T[] {
  return (order === "visionFirst" ? [vision, language] : [language, vision]).filter((value) => value !== undefined);
}

/** Which weights a part of the block keeps. */
export type Routing =
  /** One set for all tokens. */
  | "shared"
  /** One for image tokens, one for text tokens. */
  | "byModality"
  /** As `byModality`, and a third that all tokens of a fused input take. */
  | "withJointExpert";

/**
 * One part of a Multiway block in one to three copies, and the rule that picks among them
 * (Wang et al. 2022, "Image as a foreign language", section 2.1).
 *
 * Modality is data in the call; the module holds no state about it.
 */
export class Experts<M extends Module> extends Module {
  shared?: M;
  vision?: M;
  language?: M;
  /** Takes all tokens when image and text are encoded together. */
  visionLanguage?: M;

  /** @param make called once per copy, so that copies begin with different weights */
  constructor(routing: Routing, make: () => M) {
    super();
    if (routing === "shared") this.shared = make();
    else {
      this.vision = make();
      this.language = make();
      if (routing === "withJointExpert") this.visionLanguage = make();
    }
  }

  /** The copy that tokens of a modality take. */
  pick(modality: Modality, isFused: boolean): M {
    const picked = this.shared ?? (isFused ? this.visionLanguage : undefined) ?? this[modality];
    if (!picked) throw new InternalError(`no expert for ${modality}.`);
    return picked;
  }
}

/** Applies a function to each modality that is there. */
export function mapModalities<T, R>(values: ByModality<T>, apply: (value: T, modality: Modality) => R): ByModality<R> {
  const result: ByModality<R> = {};
  for (const modality of modalities) {
    const value = values[modality];
    if (value !== undefined) result[modality] = apply(value, modality);
  }
  return result;
}

/** Whether image and text are both there, with at least one token each. */
export const isFused = ({ vision, language }: ByModality<Tensor>): boolean => vision !== undefined && language !== undefined && vision.shape[1] !== 0 && language.shape[1] !== 0;
