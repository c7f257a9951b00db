import { OptionError } from "@multiway/errors";
import { withModel } from "../model/with-model.ts";
import { readNames } from "../model/lists.ts";
import type { ModelFlags } from "../model/model-flags.ts";
import { expandFolders } from "../model/pictures.ts";
import { percent } from "./percent.ts";
import { withoutControls } from "./without-controls.ts";

export interface ClassifyFlags extends ModelFlags {
  names?: string[];
  classes?: string;
  top: number;
}

/** Prints the classes of pictures: those of the model's training, or any that are named. @returns the exit code */
export async function classify(places: readonly string[], { names, classes: file, top, ...flags }: ClassifyFlags): Promise<number> {
  const pictures = await expandFolders(places);
  const classes = file === undefined ? undefined : await readNames(file);
  return await withModel(flags, classes ? { classes } : {}, async (model, signal) => {
    const isTrained = model.abilities.includes("classifier");
    if (isTrained && names) throw new OptionError("classify: --names are given, but the model has classes of its own. Leave --names out, or name a model for retrieval.");
    if (!isTrained && !names && !model.zeroShot.classes) throw new OptionError("classify: the model knows no classes. Say which there are: --names cat,dog");
    const choices = isTrained ? await model.classifier.classify(pictures, { top, signal }) : await model.zeroShot.classify(pictures, names, { top, signal });
    if (flags.json) {
      process.stdout.write(`${JSON.stringify(choices.map((best, index) => ({ picture: pictures[index]!, best })), undefined, 2)}\n`);
      return;
    }
    choices.forEach((best, index) => {
      if (pictures.length > 1) process.stdout.write(`${withoutControls(pictures[index]!)}\n`);
      for (const { index: number, name, probability } of best) process.stdout.write(`${pictures.length > 1 ? "  " : ""}${percent(probability)}  ${withoutControls(name ?? `class ${number}`)}\n`);
    });
  });
}
