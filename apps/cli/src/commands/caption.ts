import { withModel } from "../model/with-model.ts";
import type { ModelFlags } from "../model/model-flags.ts";
import { expandFolders } from "../model/pictures.ts";
import { withoutControls } from "./without-controls.ts";

export interface CaptionFlags extends ModelFlags {
  beams?: number;
  maxLength?: number;
}

/** Prints a caption for each picture. @returns the exit code */
export async function caption(places: readonly string[], { beams, maxLength, ...flags }: CaptionFlags): Promise<number> {
  const pictures = await expandFolders(places);
  return await withModel(flags, {}, async (model, signal) => {
    const captions = await model.captioner.generate(pictures, { signal, ...(beams !== undefined && { numBeams: beams }), ...(maxLength !== undefined && { maxLength }) });
    const found = captions.map(({ text, score }, index) => ({ picture: pictures[index]!, caption: text, score }));
    if (flags.json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
    else for (const { picture, caption: text } of found) process.stdout.write(`${withoutControls(found.length === 1 ? text : `${picture}: ${text}`)}\n`);
  });
}
