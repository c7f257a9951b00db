import { withModel } from "../model/with-model.ts";
import { readNames } from "../model/lists.ts";
import type { ModelFlags } from "../model/model-flags.ts";
import { percent } from "./percent.ts";
import { withoutControls } from "./without-controls.ts";

export interface AskFlags extends ModelFlags {
  answers?: string;
  top: number;
}

/** Prints the answer to a question about a picture, and what else it might be. @returns the exit code */
export async function ask(picture: string, question: string, { answers: file, top, ...flags }: AskFlags): Promise<number> {
  const answers = file === undefined ? undefined : await readNames(file);
  return await withModel(flags, answers ? { answers } : {}, async (model, signal) => {
    const { answer, score, best } = await model.vqa.answer(picture, question, { top, signal });
    if (flags.json) process.stdout.write(`${JSON.stringify({ picture, question, answer, score, best }, undefined, 2)}\n`);
    else for (const one of best) process.stdout.write(`${percent(one.score)}  ${withoutControls(one.answer)}\n`);
  });
}
