import { parseArgs } from "node:util";
import { OptionError } from "@multiway/errors";

export const usage = `Times Multiway, and with --peers other libraries beside it: interleaved, each in a process of its own.

  pnpm bench [--only CASE,…] [--targets TARGET,…] [--peers] [--rounds N] [--json FILE] [--write]

  --only     cases to run. Default: all but those for GPUs, matmul-4096 and vit-12-32, each also with -f16
  --targets  targets to run. Default: ours; with --peers, all. pytorch-cuda runs with a PyTorch that has CUDA
  --peers    also time the peers; installs those that are missing, into apps/bench/peers
  --rounds   how often each target's process is started; twice as often where its rounds disagree. Default: 4, with which all cases and peers take 30 to 45 minutes
  --json     writes the figures to a file
  --write    writes docs/benchmarks.md

Exits with 1 when a target failed or computed something else, with 2 when the call is wrong.`;

export interface BenchOptions {
  help: boolean;
  only: readonly string[];
  targets: readonly string[];
  peers: boolean;
  rounds: number;
  json: string | undefined;
  write: boolean;
}

/** @throws OptionError for an unknown option, case or target, naming those that there are */
export function parseOptions(args: string[], known: { cases: readonly string[]; onRequest?: readonly string[]; targets: readonly string[] }): BenchOptions {
  const values = parse(args);
  const names = (option: "only" | "targets", all: readonly string[], kind: string): string[] => {
    const given = values[option]?.flatMap((list) => list.split(",")).map((name) => name.trim()).filter(Boolean);
    const unknown = given?.find((name) => !all.includes(name));
    if (unknown !== undefined) throw new OptionError(`bench: there is no ${kind} ${JSON.stringify(unknown)}; expected ${all.join(", ")}.`);
    return given ? all.filter((name) => given.includes(name)) : [...all];
  };
  const rounds = values.rounds === undefined ? 4 : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new OptionError(`bench: --rounds is ${JSON.stringify(values.rounds)}; expected a whole number, 1 or more.`);
  const peers = values.peers ?? false;
  const ours = known.targets.filter((name) => name.startsWith("multiway-"));
  return {
    help: values.help ?? false,
    only: values.only === undefined ? known.cases.filter((name) => !known.onRequest?.includes(name)) : names("only", known.cases, "case"),
    targets: values.targets === undefined && !peers ? ours : names("targets", known.targets, "target"),
    peers,
    rounds,
    json: values.json,
    write: values.write ?? false,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      // pnpm hands `--` on.
      args: args.filter((arg) => arg !== "--"),
      options: {
        only: { type: "string", multiple: true },
        targets: { type: "string", multiple: true },
        peers: { type: "boolean" },
        rounds: { type: "string" },
        json: { type: "string" },
        write: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new OptionError(`bench: ${(error as Error).message}`, { cause: error });
  }
}
