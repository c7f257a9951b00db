import { ShapeError, formatShape } from "@multiway/errors";
import { compile, type Device, type Tensor } from "@multiway/tensor";
import { beamSearch, type BeamSearchOptions, type BeamSearchResult, type CaptionTokens, type NextWords } from "./beam-search.ts";
import type { CaptioningModel, CaptionState } from "./captioning-model.ts";

/**
 * Writes captions with a {@link CaptioningModel}: what was computed of the picture and of earlier words is kept, and every word is the same compiled step.
 */
export class Captioner {
  /** May be replaced by another of the same form, as training makes one at every step: programs are kept. */
  model: CaptioningModel;
  readonly device: Device;
  readonly tokens: CaptionTokens;
  readonly #begin = new Map<string, (model: CaptioningModel, images: Tensor) => CaptionState>();
  /** Written over, word by word: what was kept of the words before. */
  readonly #step = compile(
    (model: CaptioningModel, picture: CaptionState["picture"], words: CaptionState["words"], tokens: Tensor, continues: Tensor, length: Tensor) => {
      const { logProbabilities, state: next } = model.step({ picture, words }, tokens, continues, length);
      return { logProbabilities, words: next.words };
    },
    { name: "next word", donate: [2] },
  );

  constructor(model: CaptioningModel, { device, tokens }: { device: Device; tokens: CaptionTokens }) {
    this.model = model;
    this.device = device;
    this.tokens = tokens;
  }

  /**
   * @param images [pictures, 3, height, width]
   * @returns      ids of the best sentence of each picture: the first token and the words
   * @throws the signal's reason when it is aborted
   */
  async generate(images: Tensor, options: BeamSearchOptions = {}): Promise<BeamSearchResult> {
    if (images.rank !== 4) throw new ShapeError(`Captioner: images have shape ${formatShape(images.shape)}; expected [pictures, 3, height, width].`, { details: { shape: images.shape } });
    const { next, state } = this.#start(images, options);
    try {
      return await beamSearch(images.shape[0]!, next, this.tokens, options);
    } finally {
      for (const layer of [...state().picture, ...state().words]) {
        layer.keys.dispose();
        layer.values.dispose();
      }
    }
  }

  /** The model over these pictures, for a search of your own: see {@link beamSearch}. */
  nextWords(images: Tensor, options: Pick<BeamSearchOptions, "numBeams" | "maxLength"> = {}): NextWords {
    return this.#start(images, options).next;
  }

  #start(images: Tensor, { numBeams = 3, maxLength = 64 }: Pick<BeamSearchOptions, "numBeams" | "maxLength">): { next: NextWords; state: () => CaptionState } {
    const { device, model } = this;
    const rows = images.shape[0]! * numBeams;
    const { picture, words: empty } = this.#beginWith(numBeams, maxLength)(model, images);
    let words = empty;
    const inOrder = Int32Array.from({ length: rows }, (_, row) => row);
    const next: NextWords = async (tokens, continues, length) => {
      using given = device.tensor(tokens, { shape: [rows, 2] });
      using from = device.tensor(continues ?? inOrder);
      using count = device.tensor(Int32Array.of(length), { shape: [] });
      const result = this.#step(model, picture, words, given, from, count);
      words = result.words;
      using logProbabilities = result.logProbabilities;
      return (await logProbabilities.data()) as Float32Array;
    };
    return { next, state: () => ({ picture, words }) };
  }

  #beginWith(numBeams: number, capacity: number): (model: CaptioningModel, images: Tensor) => CaptionState {
    const key = `${numBeams} ${capacity}`;
    let begin = this.#begin.get(key);
    if (!begin) this.#begin.set(key, (begin = compile((model: CaptioningModel, images: Tensor) => model.begin(images, numBeams, capacity), { name: "look" })));
    return begin;
  }
}
