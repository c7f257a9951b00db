import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DeviceError, MultiwayError, OptionError } from "@multiway/errors";
import { openDevice } from "@multiway/tensor";
import { faithfulnessPage, type Column } from "./faithfulness.ts";
import { findCases, ownCases } from "./find-cases.ts";
import { formatReport, formatTotal, runGolden, toJson, totalsOf, type GoldenDevice } from "./golden.ts";

const usage = `Runs golden cases: compares what we compute with what the official code computed.

  pnpm golden [FOLDER] [--device wasm|webgpu|reference] [--json]
  pnpm golden --write

  FOLDER    is searched for manifests, with all folders under it. Default: the cases of this repository
  --device  where tensors are computed. Default: wasm
  --json    prints every result as JSON instead of a line per case
  --write   runs the cases of this repository on every device, and writes docs/faithfulness.md

Exits with 1 when a case failed, with 2 when nothing could be run.`;

const devices: Readonly<Record<string, () => Promise<GoldenDevice>>> = {
  wasm: async () => ({ device: await openDevice((await import("@multiway/wasm")).wasm()) }),
  webgpu: async () => {
    const { webgpu } = await import("@multiway/webgpu");
    try {
      return { device: await openDevice(webgpu()) };
    } catch (error) {
      if (!DeviceError.isInstance(error)) throw error;
      return { device: await openDevice(webgpu({ allowSoftware: true })), slowness: "the adapter is software" };
    }
  },
  reference: async () => ({ device: await openDevice((await import("@multiway/reference")).reference()), slowness: "the reference device computes with plain loops" }),
};

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions(args);
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (values.write) {
    if (positionals.length > 0 || values.device !== undefined || values.json) throw new OptionError("golden: --write takes no folder, --device or --json; it runs the cases of this repository on every device.");
    return await write();
  }
  const deviceName = values.device ?? "wasm";
  const factory = Object.hasOwn(devices, deviceName) ? devices[deviceName] : undefined;
  if (!factory) throw new OptionError(`golden: --device is ${JSON.stringify(deviceName)}; expected ${Object.keys(devices).join(", ")}.`);
  if (positionals.length > 1) throw new OptionError(`golden: ${positionals.length} folders are given; expected one at most.`);

  const [folder] = positionals;
  const cases = folder === undefined ? ownCases() : findCases(folder);
  if (cases.length === 0) throw new OptionError(`golden: there is no manifest in ${JSON.stringify(folder)}; expected JSON files with a "kind". Check the path.`);
  let opened: GoldenDevice | undefined;
  try {
    const reports = await runGolden(
      cases,
      async () => (opened ??= await factory()),
      (done) => {
        if (!values.json) console.log(formatReport(done));
      },
    );
    console.log(values.json ? toJson(deviceName, reports) : formatTotal(reports));
    return totalsOf(reports).failed === 0 ? 0 : 1;
  } finally {
    await opened?.device.close();
  }
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { device: { type: "string" }, json: { type: "boolean" }, write: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  } catch (error) {
    throw new OptionError(`golden: ${(error as Error).message}`, { cause: error });
  }
}

/** A device that is not to be had leaves its column empty, and says why. */
async function write(): Promise<number> {
  const columns: Column[] = [];
  for (const [name, open] of Object.entries(devices)) {
    console.log(`${name}:`);
    let opened: GoldenDevice;
    try {
      opened = await open();
    } catch (error) {
      if (!DeviceError.isInstance(error)) throw error;
      columns.push({ device: name, description: error.message, reports: [] });
      continue;
    }
    try {
      const reports = await runGolden(ownCases(), async () => opened, (done) => console.log(formatReport(done)));
      columns.push({ device: name, description: opened.device.description, reports });
    } finally {
      await opened.device.close();
    }
  }
  const page = fileURLToPath(new URL("../../../docs/faithfulness.md", import.meta.url));
  writeFileSync(page, faithfulnessPage(columns));
  console.log(`written to ${page}`);
  return columns.every(({ reports }) => totalsOf(reports).failed === 0) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(MultiwayError.isInstance(error) ? error.message : error);
  process.exitCode = 2;
}
