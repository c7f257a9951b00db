import { Argument, Option, type Command } from "commander";
import { deviceChoices } from "../open-chosen-device.ts";
import type { EvaluateFlags } from "./evaluate.ts";
import type { FinetuneFlags } from "./finetune.ts";
import { augmentations, choice, folderName, realNumber, wholeNumber } from "./option-values.ts";

const tasks = ["classification", "retrieval", "captioning", "vqa", "reasoning"] as const;
type Task = (typeof tasks)[number];
const most = 10_000_000;

/** Adds `finetune` and `evaluate`. */
export function addFineTuningCommands(program: Command, finish: (exitCode: number) => void): void {
  const names = (text: string): string[] => text.split(",").map((name) => name.trim()).filter(Boolean);
  const taskArgument = () => new Argument("<task>", "classification, retrieval, captioning, vqa or reasoning").argParser(choice("task", tasks));
  const device = () => new Option("--device <name>", "where to compute: auto takes a GPU where there is one, else the CPU").default("auto").argParser(choice("--device", deviceChoices));
  const data = () => new Option("--data <folder>", "pictures and tables, as docs/guides/fine-tuning.md lays them out").argParser(folderName("--data")).makeOptionMandatory();
  const ignored = () => new Option("--ignore-columns <names>", "columns of tables that mean nothing, with commas between them").argParser(names);

  program
    .command("finetune")
    .addArgument(taskArgument())
    .description("trains a model for a task on data of your own, and keeps the best as a model folder")
    .addOption(data())
    .option("--from <path>", "a checkpoint, a model folder, or mini, to go on from", folderName("--from"))
    .option("--new <sizes>", "begins a new model instead: tiny, small, or a JSON file with its sizes", folderName("--new"))
    .option("--tokenizer <file>", "a SentencePiece model (default: the model folder's; a new model learns one)", folderName("--tokenizer"))
    .option("--vocabulary <number>", "pieces of a vocabulary that is learnt, at most", wholeNumber("--vocabulary", { least: 10, most: 1_000_000 }), 2000)
    .option("--text-length <pieces>", "of a text at most, the rest is cut (default: the recipe's)", wholeNumber("--text-length", { least: 3, most: 1_000_000 }))
    .option("--image-size <pixels>", "height and width of pictures (default: the model's; of a new one 64)", wholeNumber("--image-size", { least: 1, most: 16384 }))
    .option("--patch-size <pixels>", "of a new model (default: 8)", wholeNumber("--patch-size", { least: 1, most: 1024 }))
    .option("--layers <number>", "of a new model (default: by its name)", wholeNumber("--layers", { least: 1, most: 1000 }))
    .option("--width <number>", "of a new model (default: by its name)", wholeNumber("--width", { least: 1, most: 16384 }))
    .option("--heads <number>", "heads of attention, of a new model, or a checkpoint of unusual size", wholeNumber("--heads", { least: 1, most: 1024 }))
    .option("--steps <number>", "optimizer steps (default: by epochs)", wholeNumber("--steps", { least: 1, most }))
    .option("--epochs <number>", "times through the data (default: the recipe's)", realNumber("--epochs", { above: 0 }))
    .option("--batch <number>", "examples in memory at a time (default: 64 or 32; 8 for released sizes)", wholeNumber("--batch", { least: 1, most: 65536 }))
    .option("--accumulate <number>", "batches to a step", wholeNumber("--accumulate", { least: 1, most: 65536 }), 1)
    .option("--learning-rate <number>", "its peak (default: the recipe's, scaled to the batch)", realNumber("--learning-rate", { above: 0 }))
    .option("--layer-decay <number>", "factor of the rate from each layer to the one below (default: the recipe's)", realNumber("--layer-decay", { above: 0, most: 1 }))
    .option("--head-scale <number>", "factor of the head's rate, where all layers have one (default: the recipe's)", realNumber("--head-scale", { above: 0 }))
    .option("--weight-decay <number>", "(default: the recipe's)", realNumber("--weight-decay", { least: 0 }))
    .option("--drop-path <number>", "rate of stochastic depth in the last layer (default: the recipe's)", realNumber("--drop-path", { least: 0, below: 1 }))
    .option("--warmup <steps>", "steps in which the rate rises (default: the recipe's share)", wholeNumber("--warmup", { least: 0, most }))
    .option("--clip <number>", "largest norm of gradients, 0 for none (default: none; 1 for a new model)", realNumber("--clip", { least: 0 }))
    .option("--ema <number>", "keeps a moving average of the weights with this decay, and evaluates that", realNumber("--ema", { least: 0, below: 1 }))
    .addOption(new Option("--augment <how>", "official, light, strong or none (default: official; light for a new model)").argParser(choice("--augment", augmentations)))
    .option("--flip <number>", "probability of a flip (default: 0.5 with official augmentation, else 0)", realNumber("--flip", { least: 0, most: 1 }))
    .option("--mix", "classification: mixup and CutMix (default: as --from)")
    .option("--no-mix", "classification: neither (default for a new model)")
    .option("--label-smoothing <number>", "classification and captioning (default: 0.1)", realNumber("--label-smoothing", { least: 0, below: 1 }))
    .option("--mask-ratio <number>", "captioning: share of a caption's tokens to hide (default: 0.7)", realNumber("--mask-ratio", { above: 0, most: 1 }))
    .option("--least-answers <number>", "vqa: how often an answer must occur to be learnt (default: 1)", wholeNumber("--least-answers", { least: 1, most }))
    .option("--drop-unknown-answers", "vqa: leaves out questions of which no answer is in the list, as the official code does")
    .option("--eval-every <steps>", "steps from one evaluation to the next (default: about an epoch)", wholeNumber("--eval-every", { least: 1, most }))
    .addOption(ignored())
    .option("--out <folder>", "where model, figures, log and state go (default: out/finetune/TASK)", folderName("--out"))
    .option("--resume", "goes on where the run in the out folder was stopped")
    .option("--seed <number>", "from which everything random follows", wholeNumber("--seed", { least: 0, most: Number.MAX_SAFE_INTEGER }), 0)
    .addOption(device())
    .option("--threads <number>", "threads of the CPU device (default: one for each core)", wholeNumber("--threads", { least: 1, most: 64 }))
    .option("--debug", "prints stack traces of errors")
    .action(async (task: Task, flags: Omit<FinetuneFlags, "resume"> & { resume?: boolean }) => {
      const { finetune } = await import("./finetune.ts");
      finish(await finetune(task, { ...flags, resume: flags.resume ?? false }));
    });

  program
    .command("evaluate")
    .addArgument(taskArgument())
    .description("measures a fine-tuned model by the field's metric")
    .addOption(data())
    .requiredOption("--model <folder>", "a model folder", folderName("--model"))
    .addOption(new Option("--split <name>", "train, validation or test (default: test where there is one, else validation)").argParser(choice("--split", ["train", "validation", "test"] as const)))
    .option("--batch <number>", "examples at a time", wholeNumber("--batch", { least: 1, most: 65536 }))
    .option("--predictions <file>", "writes what the model said of each example, as JSON Lines", folderName("--predictions"))
    .option("--json", "prints the figures as JSON")
    .addOption(ignored())
    .addOption(device())
    .option("--threads <number>", "threads of the CPU device (default: one for each core)", wholeNumber("--threads", { least: 1, most: 64 }))
    .option("--debug", "prints stack traces of errors")
    .action(async (task: Task, flags: Omit<EvaluateFlags, "json"> & { json?: boolean }) => {
      const { evaluate } = await import("./evaluate.ts");
      finish(await evaluate(task, { ...flags, json: flags.json ?? false }));
    });
}
