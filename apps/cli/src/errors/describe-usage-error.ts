import type { CommanderError } from "commander";

/** A mistake in the arguments as one message with its remedy. */
export function describeUsageError({ code, message }: CommanderError): string {
  if (code === "commander.help") return "no command was given. Run it with --help to see what there is.";
  const [first = "", ...more] = message.replace(/^error: /, "").split("\n");
  // commander puts what a value's reader says behind words of its own.
  const own = code === "commander.invalidArgument" ? /^(?:option|command-argument) .*? is invalid(?: for argument '.*?')?\. (.*)$/.exec(first)?.[1] : undefined;
  const what = own ?? `${first.replaceAll("'", "").replace(/\.$/, "")}.`;
  const suggestion = more.map((line) => line.replace(/^\((.*)\)$/, "$1")).join(" ");
  return [what, suggestion, "Run it with --help to see what there is."].filter(Boolean).join(" ");
}
