import { Option, type Command } from "commander";
import { deviceChoices } from "../open-chosen-device.ts";
import { augmentations, choice, folderName, realNumber, wholeNumber } from "./option-values.ts";
import type { PretrainFlags } from "./pretrain.ts";

const most = 10_000_000;

/** Adds `pretrain`. */
export function addPretrainingCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command("pretrain")
    .description("trains a model from nothing to guess what is hidden in pictures, texts and pairs of your own")
    .addOption(new Option("--data <folder>", "pictures and tables: train, and, if there are, images, texts and val").argParser(folderName("--data")).makeOptionMandatory())
    .option("--new <sizes>", "tiny, small, or a JSON file with sizes", folderName("--new"), "small")
    .option("--tokenizer <file>", "a SentencePiece model (default: one is learnt from the texts)", folderName("--tokenizer"))
    .option("--vocabulary <number>", "pieces of a vocabulary that is learnt, at most", wholeNumber("--vocabulary", { least: 10, most: 1_000_000 }), 2000)
    .option("--codes <number>", "visual tokens", wholeNumber("--codes", { least: 2, most: 65536 }), 512)
    .option("--image-size <pixels>", "height and width of pictures (default: 64)", wholeNumber("--image-size", { least: 1, most: 16384 }))
    .option("--patch-size <pixels>", "(default: 8)", wholeNumber("--patch-size", { least: 1, most: 1024 }))
    .option("--layers <number>", "(default: by --new)", wholeNumber("--layers", { least: 1, most: 1000 }))
    .option("--width <number>", "(default: by --new)", wholeNumber("--width", { least: 1, most: 16384 }))
    .option("--heads <number>", "heads of attention (default: by --new)", wholeNumber("--heads", { least: 1, most: 1024 }))
    .option("--steps <number>", "optimizer steps", wholeNumber("--steps", { least: 1, most }), 2000)
    .option("--batch <number>", "pictures, texts and pairs in a batch, of each", wholeNumber("--batch", { least: 1, most: 65536 }), 32)
    .option("--learning-rate <number>", "its peak", realNumber("--learning-rate", { above: 0 }), 2e-3)
    .option("--warmup <steps>", "steps in which the rate rises (default: a tenth, 100 at most)", wholeNumber("--warmup", { least: 0, most }))
    .option("--drop-path <number>", "rate of stochastic depth in the last layer", realNumber("--drop-path", { least: 0, below: 1 }), 0.1)
    .option("--eval-every <steps>", "steps from one evaluation to the next (default: a tenth of all)", wholeNumber("--eval-every", { least: 1, most }))
    .addOption(new Option("--augment <how>", "official, light, strong or none").default("light").argParser(choice("--augment", augmentations)))
    .option("--out <folder>", "where model, figures, log and state go", folderName("--out"), "out/pretrain")
    .option("--resume", "goes on where the run in the out folder was stopped")
    .option("--seed <number>", "from which everything random follows", wholeNumber("--seed", { least: 0, most: Number.MAX_SAFE_INTEGER }), 0)
    .addOption(new Option("--device <name>", "where to compute: auto takes a GPU where there is one, else the CPU").default("auto").argParser(choice("--device", deviceChoices)))
    .option("--threads <number>", "threads of the CPU device (default: one for each core)", wholeNumber("--threads", { least: 1, most: 64 }))
    .option("--debug", "prints stack traces of errors")
    .action(async (flags: Omit<PretrainFlags, "resume"> & { resume?: boolean }) => {
      const { pretrain } = await import("./pretrain.ts");
      finish(await pretrain({ ...flags, resume: flags.resume ?? false }));
    });
}
