import type { Command } from "commander";
import { withModelFlags, type ModelFlags } from "../model/model-flags.ts";
import type { AskFlags } from "./ask.ts";
import type { CaptionFlags } from "./caption.ts";
import type { ClassifyFlags } from "./classify.ts";
import type { EmbedFlags } from "./embed.ts";
import { wholeNumber } from "./option-values.ts";
import type { SearchFlags } from "./search.ts";

const count = { least: 1, most: 1_000_000 };

/** The commands that use a model that is there. */
export function addModelCommands(program: Command, finish: (exitCode: number) => void): void {
  withModelFlags(
    program
      .command("caption")
      .argument("<pictures...>", "files, addresses, or folders of pictures")
      .description("describes pictures in words")
      .option("--beams <number>", "sentences that are followed at a time (default: 3)", wholeNumber("--beams", { least: 1, most: 64 }))
      .option("--max-length <number>", "most tokens of a caption, the first and the last included (default: the model's longest text)", wholeNumber("--max-length", { least: 3, most: 1022 })),
  ).action(async (pictures: string[], flags: CaptionFlags) => {
    const { caption } = await import("./caption.ts");
    finish(await caption(pictures, flags));
  });

  withModelFlags(
    program
      .command("ask")
      .argument("<picture>", "a file or an address")
      .argument("<question...>", "what to ask about it")
      .description("answers a question about a picture, choosing among the answers that the model knows")
      .option("--answers <file>", "the answers, for a checkpoint file: answer2label.txt, a JSON list, or one in each line")
      .option("--top <number>", "how many of the best answers to print", wholeNumber("--top", count), 5),
  ).action(async (picture: string, question: string[], flags: AskFlags) => {
    const { ask } = await import("./ask.ts");
    finish(await ask(picture, question.join(" "), flags));
  });

  withModelFlags(
    program
      .command("judge")
      .argument("<left>", "a file or an address")
      .argument("<right>", "another one")
      .argument("<sentence...>", "what is said of both")
      .description("says whether a sentence is true of two pictures"),
  ).action(async (left: string, right: string, sentence: string[], flags: ModelFlags) => {
    const { judge } = await import("./judge.ts");
    finish(await judge([left, right], sentence.join(" "), flags));
  });

  withModelFlags(
    program
      .command("search")
      .argument("<folder>", "a folder of pictures; those in folders below it count")
      .argument("<words...>", "what is looked for")
      .description("lists the pictures of a folder that fit a text best")
      .option("--top <number>", "how many to list", wholeNumber("--top", count), 10),
  ).action(async (folder: string, words: string[], flags: SearchFlags) => {
    const { search } = await import("./search.ts");
    finish(await search(folder, words.join(" "), flags));
  });

  withModelFlags(
    program
      .command("classify")
      .argument("<pictures...>", "files, addresses, or folders of pictures")
      .description("says what pictures show: the classes of the model's training, or, with a model for retrieval, any that are named")
      .option("--names <names>", "names to choose from, with commas between them, for a model for retrieval", (text: string) => text.split(",").map((name) => name.trim()).filter(Boolean))
      .option("--classes <file>", "names of the classes, for a checkpoint file: a JSON list, or one in each line")
      .option("--top <number>", "how many of the best classes to print", wholeNumber("--top", count), 5),
  ).action(async (pictures: string[], flags: ClassifyFlags) => {
    const { classify } = await import("./classify.ts");
    finish(await classify(pictures, flags));
  });

  withModelFlags(
    program
      .command("embed")
      .argument("[pictures...]", "files, addresses, or folders of pictures")
      .description("writes vectors of pictures and texts, as JSON Lines or for NumPy")
      .option("--text <text>", "a text; may be given many times", (text: string, before: string[] | undefined) => [...(before ?? []), text])
      .option("--joint", "reads each picture and its text as one sequence: as many texts as pictures")
      .option("--out <file>", "where to write: for NumPy where it ends in .npy, else JSON Lines (default: to standard output)"),
  ).action(async (pictures: string[], flags: EmbedFlags) => {
    const { embed } = await import("./embed.ts");
    finish(await embed(pictures, flags));
  });
}
