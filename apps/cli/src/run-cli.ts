import { CommanderError } from "commander";
import { describeFailure } from "./errors/describe-failure.ts";
import { describeUsageError } from "./errors/describe-usage-error.ts";
import { createProgram } from "./commands/program.ts";

/**
 * Runs the command line.
 *
 * @returns  the exit code: 0 done, 1 failed, 2 not understood, 130 stopped by Ctrl-C
 */
export async function runCli(args: string[]): Promise<number> {
  const isDebugging = args.includes("--debug");
  const fail = (error: unknown): number => {
    process.stderr.write(`multiway: ${describeFailure(error, { isDebugging })}\n`);
    return 1;
  };
  // A reader that has seen enough, as `head`, closes the pipe.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  for (const event of ["unhandledRejection", "uncaughtException"] as const) {
    process.once(event, (error: unknown) => process.exit(fail(error)));
  }
  let exitCode = 0;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(withoutSeparator(args), { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return fail(error);
    if (error.exitCode === 0) return 0;
    process.stderr.write(`multiway: ${describeUsageError(error)}\n`);
    return 2;
  }
}

/** `pnpm demo -- --steps 4`: the separator that other script runners want before flags. */
function withoutSeparator(args: string[]): string[] {
  return args[1] === "--" ? [args[0]!, ...args.slice(2)] : args;
}
