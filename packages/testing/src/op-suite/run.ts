import { reference } from "@multiway/reference";
import { openDevice, type Device } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runJobs } from "./batch.ts";
import { allSamples } from "./collect.ts";
import { checkGradients, compareGradients } from "./gradients.ts";
import { draw, leafOn, type Lie } from "./inputs.ts";
import type { Samples } from "./sample.ts";
import { fusedJobs, tolerances, valueJobs } from "./values.ts";

export interface OpSuiteOptions {
  open(): Promise<Device>;
  /** Tests that a device leaves out, by `op: test`. A skip without a reason fails. */
  skip?: readonly { reason: string; cases: RegExp }[];
  /** For slow devices: inputs lie in one way rather than in each, and what is compiled is not run uncompiled too. Default false. */
  quick?: boolean;
  /** Only these ops, for work on one of them. */
  only?: RegExp;
}

const strided: readonly (readonly Lie[])[] = [["transposed", "sliced", "flipped"], ["sliced", "flipped", "transposed"], ["flipped", "expanded", "contiguous"], ["expanded"]];

/** Registers vitest tests for every op: values, strides, fusion, gradients and messages. Call it at the top of a test file, or inside `describe`. */
export function runOpSuite({ open, skip = [], quick = false, only }: OpSuiteOptions): void {
  for (const { reason, cases } of skip) {
    if (reason.trim() === "") throw new Error(`runOpSuite: the skip of ${cases} has no reason; say why the device leaves these cases out.`);
  }
  let device: Device;
  let referee: Device;
  beforeAll(async () => {
    device = await open();
    referee = await openDevice(reference());
  });
  afterAll(async () => {
    // Undefined if opening failed.
    await Promise.all([device, referee].map((one) => one?.close()));
  });

  const check = (group: Samples, name: string, problems: () => Promise<string[]>) => {
    const skipped = skip.find(({ cases }) => cases.test(`${group.name}: ${name}`));
    // A device may name what it cannot do; why stands in the report.
    if (skipped) it.skip(`${name} (${skipped.reason})`);
    else {
      it(name, async () => {
        const found = await problems();
        if (found.length > 0) throw new Error(`${found.length} of ${group.name}:\n${found.slice(0, 8).join("\n")}`);
      });
    }
  };

  for (const group of allSamples()) {
    if (only && !only.test(group.name)) continue;
    describe(group.name, () => {
      const isReference = () => device.name === "reference";
      const tolerance = () => tolerances[isReference() ? "reference" : "device"][group.precision];
      if (group.samples.length > 0) {
        check(group, "values", async () => [
          ...(await runJobs(device, valueJobs(group, ["contiguous"], tolerance()), "compiled")),
          ...(quick ? [] : await runJobs(device, valueJobs(group, ["contiguous"], tolerance()), "uncompiled")),
        ]);
        check(group, "strided inputs", async () => {
          const found: string[] = [];
          if (group.samples.every(({ inputs }) => inputs.length === 0)) return found;
          for (const [position, lies] of (quick ? strided.slice(0, 1) : strided).entries()) {
            found.push(...(await runJobs(device, valueJobs(group, lies, tolerance()), position % 2 === 0 ? "uncompiled" : "compiled")));
          }
          return found;
        });
        check(group, "inside other ops", async () => {
          // Where the op itself is exact, what surrounds it rounds.
          const around = tolerances[isReference() ? "reference" : "device"][group.precision === "exact" ? "elementwise" : group.precision];
          return [
            ...(await runJobs(device, fusedJobs(group, false, around), "compiled")),
            ...(quick ? [] : await runJobs(device, fusedJobs(group, false, around), "uncompiled")),
            ...(quick ? [] : await runJobs(device, fusedJobs(group, true, around), "compiled")),
          ];
        });
        if (group.samples.some(({ gradient }) => gradient > 0)) {
          check(group, "gradients", async () =>
            isReference() && !device.backend.fuses ? await checkGradients(group, device) : await compareGradients(group, device, referee, tolerances.device[group.precision === "half" ? "half" : "summed"]),
          );
        }
      }
      if (group.failures.length > 0) {
        check(group, "messages", async () =>
          group.failures.flatMap(({ inputs = [], run, message }) => {
            const tensors = inputs.map((input, index) => leafOn(device, draw(input, `${message} ${index}`)));
            try {
              run(tensors);
            } catch (error) {
              const said = error instanceof Error ? error.message : String(error);
              return said === message ? [] : [`said    ${JSON.stringify(said)}\nexpected ${JSON.stringify(message)}`];
            }
            return [`nothing was thrown; expected ${JSON.stringify(message)}`];
          }),
        );
      }
    });
  }
  it("has samples", () => expect(allSamples().length).toBeGreaterThan(0));
}
