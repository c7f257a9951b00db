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
  readonly #step = compile(
    (model: CaptioningModel, state: CaptionState, tokens: Tensor, continues: Tensor, length: Tensor) => {
      const { logProbabilities, state: next } = model.step(state, tokens, continues, length);
      return { logProbabilities, words: next.words };
    },
    { name: "next word" },
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
    return await beamSearch(images.shape[0]!, this.nextWords(images, options), this.tokens, options);
  }

  /** The model over these pictures, for a search of your own: see {@link beamSearch}. */
  nextWords(images: Tensor, { numBeams = 3, maxLength = 64 }: Pick<BeamSearchOptions, "numBeams" | "maxLength"> = {}): NextWords {
    const { device, model } = this;
    const rows = images.shape[0]! * numBeams;
    let state = this.#beginWith(numBeams, maxLength)(model, images);
    const same = device.tensor(Int32Array.from({ length: rows }, (_, row) => row));
    return async (tokens, continues, length) => {
      const { logProbabilities, words } = this.#step(model, state, device.tensor(tokens, { shape: [rows, 2] }), continues ? device.tensor(continues) : same, device.tensor(Int32Array.of(length), { shape: [] }));
      state = { picture: state.picture, words };
      return (await logProbabilities.data()) as Float32Array;
    };
  }

  #beginWith(numBeams: number, capacity: number): (model: CaptioningModel, images: Tensor) => CaptionState {
    const key = `${numBeams} ${capacity}`;
    let begin = this.#begin.get(key);
    if (!begin) this.#begin.set(key, (begin = compile((model: CaptioningModel, images: Tensor) => model.begin(images, numBeams, capacity), { name: "look" })));
    return begin;
  }
}
