import { withModel } from "../model/with-model.ts";
import type { ModelFlags } from "../model/model-flags.ts";
import { encodePictures, picturesIn } from "../model/pictures.ts";
import { withoutControls } from "./without-controls.ts";

export interface SearchFlags extends ModelFlags {
  top: number;
}

/** Prints the pictures of a folder that fit a text best. @returns the exit code */
export async function search(folder: string, text: string, { top, ...flags }: SearchFlags): Promise<number> {
  const paths = await picturesIn(folder);
  return await withModel(flags, {}, async (model, signal) => {
    // Before the pictures are read: a model of another kind should not cost that.
    const { retriever } = model;
    const encoded = await encodePictures(model, paths, { signal, leaveOut: ({ message }) => process.stderr.write(`left out: ${withoutControls(message)}\n`) });
    const ranked = await retriever.rank({ text, images: encoded.map(({ vector }) => vector) }, { top, signal });
    const found = ranked.map(({ index, score }) => ({ picture: encoded[index]!.path, score }));
    if (flags.json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
    else for (const { picture, score } of found) process.stdout.write(`${score.toFixed(3).padStart(6)}  ${withoutControls(picture)}\n`);
  });
}
