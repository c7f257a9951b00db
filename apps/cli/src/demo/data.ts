import { readEmoji, type EmojiConcept } from "@multiway/data";
import { OptionError } from "@multiway/errors";
import { colorJitter, inceptionNormalization, normalize, randomShift, type Image } from "@multiway/images";
import type { Key } from "@multiway/random";
import { parseSentencePieceModel, SentencePieceTokenizer, trainUnigram, writeSentencePieceModel, XlmRobertaTokenizer } from "@multiway/tokenizers";

/** Drawn by these hands are the pictures that the model learns from. */
export const trainingStyles = ["noto", "twemoji", "emojitwo"] as const;
/** The hand that it never sees in training. */
export const unseenStyle = "blob";

/** Height and width of pictures, pixels. */
export const imageSize = 32;
export const patchSize = 8;
/** Tokens of a text at most, `<s>` and `</s>` included. */
export const longestText = 16;
/** Texts are padded to one of these lengths: few, since each makes a program of its own. */
export const textBuckets = [12, 16] as const;

export interface Picture {
  concept: number;
  style: string;
  image: Image;
}

export interface DemoData {
  concepts: EmojiConcept[];
  training: Picture[];
  unseen: Picture[];
  tokenizer: XlmRobertaTokenizer;
  /** The trained vocabulary as a `.model` file. */
  vocabulary: Uint8Array;
  /** Ids of each concept's name, `<s>` and `</s>` included. */
  names: Int32Array[];
}

/** Reads the pictures and trains a vocabulary on their names and keywords. */
export async function loadDemoData(folder: string, { vocabularySize = 2000 }: { vocabularySize?: number } = {}): Promise<DemoData> {
  const emoji = await readEmoji(folder, { styles: [...trainingStyles, unseenStyle] });
  const position = new Map(emoji.concepts.map((concept, index) => [concept.id, index]));
  const pictures = (style: string): Picture[] => {
    const set = emoji.styles.get(style)!;
    return set.ids.map((id) => ({ concept: position.get(id)!, style, image: set.image(id) }));
  };
  if (vocabularySize > 2000) throw new OptionError(`loadDemoData: ${vocabularySize} pieces; expected at most 2000.`);
  const sentences = emoji.concepts.flatMap((concept) => [concept.name, concept.keywords.join(" ")]);
  const vocabulary = writeSentencePieceModel(trainUnigram(sentences, { vocabularySize, acceptsFewer: true }));
  const tokenizer = new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(vocabulary)));
  return {
    concepts: emoji.concepts,
    training: trainingStyles.flatMap(pictures),
    unseen: pictures(unseenStyle),
    tokenizer,
    vocabulary,
    names: emoji.concepts.map(({ name }) => tokenizer.encode(name, { maxLength: longestText }).ids),
  };
}

/** A text about a concept: its name and some of its keywords in random order. */
export function describeConcept({ name, keywords }: EmojiConcept, key: Key): string {
  const order = key.permutation(keywords.length);
  return [name, ...[...order].map((index) => keywords[index]!)].join(" ");
}

/** Pixels as the model reads them: [3, height, width] in −1 … 1. */
export const toPixels = (image: Image): Float32Array => normalize(image, inceptionNormalization);

const white = [255, 255, 255] as const;

/** Weak colour jitter and a small shift: other hands draw the same thing a little elsewhere, in other colours. */
export function augment(image: Image, key: Key): Image {
  const [shiftKey, colorKey] = key.split(2) as [Key, Key];
  return colorJitter(randomShift(image, shiftKey, { maxPixels: 2, fill: white }), colorKey, { brightness: 0.3, contrast: 0.3, saturation: 0.4 });
}
