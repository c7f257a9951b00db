import { Command, Option } from "commander";
import { deviceChoices } from "../open-chosen-device.ts";
import { version } from "../version.ts";
import { addPretrainingCommand } from "./pretraining-command.ts";
import { choice, folderName, wholeNumber } from "./option-values.ts";
import { defaultDataFolder } from "../default-data-folder.ts";
import { addFineTuningCommands } from "./fine-tuning-commands.ts";
import type { ConvertFlags } from "./convert.ts";
import type { DemoFlags } from "./demo.ts";
import type { InspectFlags } from "./inspect.ts";
import { addModelCommands } from "./model-commands.ts";

/**
 * The commands of `multiway`. What a command needs is imported when it runs, so that help and mistyped flags are answered at once.
 *
 * @param finish  is told the exit code of a command that ran
 */
export function createProgram(finish: (exitCode: number) => void): Command {
  const program = new Command("multiway")
    .description("BEiT-3 for TypeScript: pretrain, fine-tune, use and look into vision-language models.")
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
    .option("--steps <number>", "steps of pretraining; retrieval gets as many in proportion (default: 1300)", wholeNumber("--steps", { least: 1, most: 10_000_000 }))
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
    .argument("<file>", "a safetensors or PyTorch file, an index of shards, a folder with one, or an address")
    .description("lists what a checkpoint holds: names as a tree, shapes, types, counts and metadata")
    .option("--depth <number>", "levels of the tree to show (default: all)", wholeNumber("--depth", { least: 1, most: 1000 }))
    .option("--statistics", "reads all tensors, one at a time: least, greatest, mean, deviation, and how many are NaN or infinite")
    .option("--json", "prints it as JSON")
    .option("--debug", "prints stack traces of errors")
    .action(async (file: string, flags: InspectFlags) => {
      const { inspect } = await import("./inspect.ts");
      process.stdout.write(`${await inspect(file, flags)}\n`);
    });

  program
    .command("convert")
    .argument("<in>", "what to read, as for inspect")
    .argument("<out>", "what to write: PyTorch where it ends in .pth, .pt or .bin, else safetensors")
    .description("writes a checkpoint in another format, with floats of another width, or under other names")
    .addOption(new Option("--dtype <type>", "what floats become: f32, f16 or bf16 (default: as they are)").argParser(choice("--dtype", ["f32", "f16", "bf16"] as const)))
    .addOption(new Option("--names <naming>", "official, or timm: its picture branch alone (default: as they are)").argParser(choice("--names", ["official", "timm"] as const)))
    .option("--part <key>", "the key of a PyTorch file that holds the tensors (default: model, module or state_dict, else all of it)")
    .option("--prefix <text>", "takes tensors whose names begin so, without it")
    .option("--max-shard-mb <number>", "writes shards of at most so many megabytes, and an index to them", wholeNumber("--max-shard-mb", { least: 1, most: 1_000_000 }))
    .option("--debug", "prints stack traces of errors")
    .action(async (input: string, output: string, flags: ConvertFlags) => {
      const { convert } = await import("./convert.ts");
      process.stdout.write(`${await convert(input, output, flags)}\n`);
    });

  addPretrainingCommand(program, finish);
  addFineTuningCommands(program, finish);
  addModelCommands(program, finish);

  return program;
}
