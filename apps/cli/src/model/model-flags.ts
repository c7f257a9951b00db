import { Option, type Command } from "commander";
import { choice, wholeNumber } from "../commands/option-values.ts";
import { deviceChoices, type DeviceChoice } from "../open-chosen-device.ts";

/** What all commands that use a model are told. */
export interface ModelFlags {
  model: string;
  preset?: "base" | "large" | "giant";
  tokenizer?: string;
  device: DeviceChoice;
  threads?: number;
  json?: boolean;
}

/** Adds the flags that all commands that use a model have. */
export function withModelFlags(command: Command): Command {
  return command
    .requiredOption("--model <place>", "a model folder, a checkpoint file, the address of either, or mini, the small model that comes along")
    .addOption(new Option("--preset <size>", "which model a checkpoint file is of: base, large or giant (default: told from the file)").argParser(choice("--preset", ["base", "large", "giant"] as const)))
    .option("--tokenizer <file>", "the SentencePiece model, for a checkpoint file that is to read or write texts")
    .addOption(new Option("--device <name>", "where to compute: auto takes a GPU where there is one, else the CPU").default("auto").argParser(choice("--device", deviceChoices)))
    .option("--threads <number>", "threads of the CPU device (default: one for each core)", wholeNumber("--threads", { least: 1, most: 64 }))
    .option("--json", "prints the result as JSON")
    .option("--debug", "prints stack traces of errors");
}
