/**
 * `node --import @multiway/debug/register app.js`: watches every device that the program opens, as the environment says. See docs/environment.md.
 */
import { OptionError } from "@multiway/errors";
import { wrapDevices, type DeviceBackend, type DeviceFactory, type Kernel } from "@multiway/tensor/device";
import { checkFinite } from "./check-finite.ts";
import { mermaidOf } from "./mermaid.ts";
import { Profile } from "./profile.ts";
import { stepwise } from "./stepwise.ts";
import { validate } from "./validate.ts";

const environment = globalThis.process?.env ?? {};
const isOn = (name: string): boolean => (environment[name] ?? "") !== "" && environment[name] !== "0";

/** 1 devices and why others were not to be had · 2 each kernel with its time · 3 each program as a Mermaid flow chart · 4 how each kernel is built */
function debugLevel(): number {
  const text = environment["MULTIWAY_DEBUG"] ?? "";
  const level = text === "" ? 0 : Number(text);
  if (!Number.isInteger(level) || level < 0 || level > 4) throw new OptionError(`MULTIWAY_DEBUG is "${text}"; accepted are 0 (nothing), 1 (devices), 2 (and kernels), 3 (and programs) and 4 (and code).`, { details: { text } });
  return level;
}

const say = (text: string): void => console.error(text);
const level = debugLevel();

if (isOn("MULTIWAY_PROFILE")) {
  const profile = new Profile();
  wrapDevices((factory) => profile.watch(factory));
  globalThis.process?.on("exit", () => say(`\n${profile.report()}`));
}
if (isOn("MULTIWAY_VALIDATE")) {
  const { reference } = await import("@multiway/reference");
  // What is checked is not checked again.
  wrapDevices((factory) => (factory.name === "reference" ? factory : validate(factory, { against: reference() })));
}
if (isOn("MULTIWAY_CHECK_FINITE")) wrapDevices((factory) => checkFinite(factory));
if (level >= 2) {
  const profile = new Profile();
  profile.onKernel = ({ kernel, ms, bytes, flops }) => say(`multiway: ${kernel}: ${ms.toFixed(3)} ms, ${(bytes / ms / 1e6).toFixed(1)} GB/s${flops === undefined ? "" : `, ${(flops / ms / 1e6).toFixed(1)} GFLOP/s`}`);
  wrapDevices((factory) => profile.watch(factory));
}
if (level >= 3) {
  wrapDevices((factory) =>
    stepwise(factory, {
      load: async (program, device) => {
        say(`multiway: program "${program.label}"\n${mermaidOf(program)}`);
        if (level >= 4) for (const kernel of program.kernels) say(await codeOf(kernel, device));
      },
      // eslint-disable-next-line typescript/require-await
      step: async (_step, run) => run(),
    }),
  );
}
if (level >= 1) wrapDevices(announced);

/** Strategy and, where it is text, code of a kernel. */
async function codeOf(kernel: Kernel, device: DeviceBackend): Promise<string> {
  if (!device.explain) return `multiway: ${kernel.label}: the device ${device.name} writes no code`;
  const { chosen, refused, source } = await device.explain(kernel);
  const why = refused.length > 0 ? `, after ${refused.join(" and ")} refused` : "";
  return `multiway: ${kernel.label}: ${chosen}${why}\n${typeof source === "string" ? source : `a WebAssembly module of ${source.length} bytes`}`;
}

/** Says which device is opened, and why others were not. */
function announced(factory: DeviceFactory): DeviceFactory {
  return {
    name: factory.name,
    async open() {
      const opened = await factory.open();
      say("unavailable" in opened ? `multiway: ${factory.name} is not to be had: ${opened.unavailable}` : `multiway: ${factory.name}: ${opened.description}`);
      return opened;
    },
  };
}
