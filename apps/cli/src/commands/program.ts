import { Command, Option } from "commander";
import { deviceChoices } from "../open-chosen-device.ts";
import { version } from "../version.ts";
import { choice, folderName, wholeNumber } from "./option-values.ts";
import { defaultDataFolder } from "../default-data-folder.ts";
import type { DemoFlags } from "./demo.ts";

/**
 * The commands of `multiway`. What a command needs is imported when it runs, so that help and mistyped flags are answered at once.
 *
 * @param finish  is told the exit code of a command that ran
 */
export function createProgram(finish: (exitCode: number) => void): Command {
  const program = new Command("multiway")
    .description("BEiT-3 for TypeScript: pretrain, fine-tune and look into vision-language models.")
    .version(version(), "--version", "prints the version")
    .helpOption("-h, --help", "prints this help")
    .helpCommand(false)
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    // What went wrong is told by whoever catches it.
    .configureOutput({ outputError: () => {} })
    .exitOverride();

  program
    .command("demo")
    .description("trains a small model on emoji and their names, from nothing, and shows what it has learnt")
    .addOption(new Option("--device <name>", "where to compute: auto takes a GPU where there is one, else the CPU").default("auto").argParser(choice("--device", deviceChoices)))
    .option("--steps <number>", "steps of pretraining; retrieval gets as many in proportion (default: 1400)", wholeNumber("--steps", { least: 1, most: 10_000_000 }))
    .option("--batch <number>", "pictures, texts and pairs in a batch of pretraining, of each; fewer for a slow device (default: 48)", wholeNumber("--batch", { least: 2, most: 4096 }))
    .option("--seed <number>", "from which everything random follows", wholeNumber("--seed", { least: 0, most: Number.MAX_SAFE_INTEGER }), 0)
    .option("--out <folder>", "where report, figures, log and model go", folderName("--out"), "out/demo")
    .option("--resume", "goes on where the run in the out folder was stopped")
    .option("--compare", "also trains the same model from scratch, for as many steps as both stages together")
    .option("--threads <number>", "threads of the CPU device (default: one for each core)", wholeNumber("--threads", { least: 1, most: 64 }))
    .addOption(new Option("--data <folder>", "a folder of emoji pictures (default: those that come with the program)").argParser(folderName("--data")))
    .option("--debug", "prints stack traces of errors")
    .action(async (flags: Omit<DemoFlags, "data" | "resume" | "compare"> & Partial<DemoFlags>) => {
      const { demo } = await import("./demo.ts");
      finish(await demo({ resume: false, compare: false, data: defaultDataFolder, ...flags }));
    });

  program
    .command("inspect")
    .argument("<file>", "a safetensors file")
    .description("lists what a checkpoint holds: names as a tree, shapes, types, counts and metadata")
    .option("--depth <number>", "levels of the tree to show (default: all)", wholeNumber("--depth", { least: 1, most: 1000 }))
    .option("--debug", "prints stack traces of errors")
    .action(async (file: string, flags: { depth?: number }) => {
      const { inspect } = await import("./inspect.ts");
      process.stdout.write(`${await inspect(file, flags)}\n`);
    });

  return program;
}
