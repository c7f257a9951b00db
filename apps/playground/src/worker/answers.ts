import type { Beit3, PairEncoding } from "@multiway/beit3";
import { measureSpeed } from "./measure-speed.ts";
import { withAlpha } from "./pixels.ts";
import type { AttentionMaps, Calls, Guess, Scored } from "./protocol.ts";
import type { Session } from "./session.ts";
import { teach } from "./teach.ts";

type Answers = { readonly [K in keyof Calls]: (session: Session, input: Calls[K]["input"], options: { signal: AbortSignal; onProgress: (progress: Calls[K]["progress"]) => void }) => Promise<Calls[K]["output"]> };

/** How each call is answered. */
export const answers: Answers = {
  open: (session, { device, place }, options) => session.open(device, place, options),

  measure: ({ device }) => measureSpeed(device),

  attend: async ({ model }, { picture, text }, { signal }) => (text.trim() === "" ? await attentionAlone(model, picture, signal) : await attentionBeside(model, picture, text, signal)),

  async name({ model }, { picture, names }, { signal }) {
    const choices = await model.zeroShot.classify(picture, names, { signal });
    return choices.map(({ name, probability }) => ({ name, share: probability }));
  },

  async ask({ model }, { picture, question }, { signal }) {
    const { best } = await model.vqa.answer(picture, question, { signal });
    return best.map(({ answer, score }) => ({ name: answer, share: score }));
  },

  judge: ({ model }, { left, right, sentence }, { signal }) => model.reasoner.judge(left, right, sentence, { signal }),

  async caption({ model }, { picture }, { signal, onProgress }) {
    const { text } = await model.captioner.generate(picture, { signal, onWord: (begun) => onProgress(begun) });
    return text;
  },

  async search({ model }, { pictures, query }, { signal }) {
    // A vector of a picture is compared as that of a text is.
    const wanted = typeof query === "string" ? query : (await model.encodeImage(query, { signal })).vector;
    return await model.retriever.rank({ text: wanted, images: pictures }, { signal });
  },

  async words({ model }, { picture, words, hidden }, { signal }) {
    const tokenizer = model.tokenizer!;
    const pieces = words.map((word) => [...tokenizer.tokenize(word)]);
    const starts = pieces.map((_, word) => pieces.slice(0, word).reduce((sum, { length }) => sum + length, 0));
    const ids = Int32Array.from(pieces.flatMap((own, word) => (hidden.includes(word) ? own.map(() => tokenizer.maskId) : own)));
    const [seen, alone] = [await model.filler.words(ids, { picture, signal }), await model.filler.words(ids, { signal })];
    // The mere beginning of a word has no letters, as an end of the text has none.
    const at = (guesses: typeof seen, place: number): Scored[] => guesses.find((guess) => guess.place === place)!.best.map(({ text, probability }) => ({ name: text || "(no word)", share: probability }));
    // A word of several pieces is guessed by its first.
    return hidden.map((word): Guess => ({ place: word, withPicture: at(seen, starts[word]!), textAlone: at(alone, starts[word]!) }));
  },

  async teach(session, input, options) {
    const { accuracy, ...taught } = await teach(session.model, input, options);
    session.taught = taught;
    return { accuracy };
  },

  async tell({ taught }, { picture }, { signal }) {
    const choices = await taught.model.classifier.classify(picture, { signal });
    return choices.map(({ name, probability }) => ({ name: name!, share: probability }));
  },

  train: async (session, input, options) => (await session.training()).run(session, input, options),
  pause: async (session) => (await session.training()).pause(),
  trainingSoFar: async (session) => (await session.training()).soFar,
  forgetTraining: async (session) => (await session.training()).forget(),
  loadTraining: async (session, { file }, { signal }) => (await session.training()).load(session, file, signal),
  trainingFiles: async (session) => [...(await session.training()).files].map(([name, bytes]) => ({ name, bytes })),

  taught: ({ taught }) => Promise.resolve([...taught.files].map(([name, bytes]) => ({ name, bytes }))),

  async patches({ model }, { picture, hidden, text }, { signal }) {
    const { guessed, actual, image } = await model.filler.patches(picture, hidden, { signal, ...(text.trim() !== "" && { text }) });
    const places = [...hidden.keys()].filter((patch) => hidden[patch]);
    return { image: withAlpha(image), hidden: places.length, right: places.filter((patch) => guessed[patch] === actual[patch]).length };
  },
};

async function attentionAlone(model: Beit3, picture: Blob, signal: AbortSignal): Promise<AttentionMaps> {
  const { attentions } = await model.encodeImage(picture, { attentions: true, signal });
  return { ...sizesOf(model), words: [], vision: attentions!.map(({ data }) => data) };
}

async function attentionBeside(model: Beit3, picture: Blob, text: string, signal: AbortSignal): Promise<AttentionMaps> {
  const tokenizer = model.tokenizer!;
  const ids = tokenizer.tokenize(text);
  const { attentions } = (await model.encodePair(picture, ids, { attentions: true, signal })) as PairEncoding;
  const shown = ids.subarray(0, attentions![0]!.language.shape[1]! - 2);
  return {
    ...sizesOf(model),
    words: ["<s>", ...Array.from(shown, (id) => tokenizer.decode([id])), "</s>"],
    vision: attentions!.map(({ vision }) => vision.data),
    language: attentions!.map(({ language }) => language.data),
  };
}

function sizesOf({ description: { model } }: Beit3): Pick<AttentionMaps, "heads" | "patchesPerSide"> {
  return { heads: model.numHeads, patchesPerSide: model.imageSize / model.patchSize };
}
