import { reference } from "@multiway/reference";
import type { DeviceBackend } from "@multiway/tensor/device";
import { afterAll, beforeAll, describe, it } from "vitest";
import { checkBitwise, checkProgram, type BackendCase } from "./case.ts";
import { backendCases } from "./cases.ts";

export interface BackendSuiteOptions {
  /** Only the subset for slow devices. Default false. */
  quick?: boolean;
  /** Cases that a device may leave out, by `group: name`. A skip without a reason fails. */
  skip?: readonly { reason: string; cases: RegExp }[];
  /** Only these, for work on one of them. */
  only?: RegExp;
  /**
   * Instead of comparing with the reference device, require the same bits from two runs on the device, and, with a function, from the device
   * that it opens.
   */
  bitwise?: boolean | (() => Promise<DeviceBackend>);
  /** Default {@link backendCases}. */
  cases?: readonly BackendCase[];
  /** For one case, in milliseconds. Default: vitest's. */
  timeoutMs?: number;
}

/** Registers one vitest test for each case. Call it at the top of a test file, or inside `describe`. */
export function runBackendSuite(open: () => Promise<DeviceBackend>, options: BackendSuiteOptions = {}): void {
  const { quick = false, skip = [], only, bitwise = false, cases = backendCases(), timeoutMs } = options;
  for (const { reason, cases: pattern } of skip) {
    if (reason.trim() === "") throw new Error(`runBackendSuite: the skip of ${pattern} has no reason; say why the device leaves these cases out.`);
  }
  let device: DeviceBackend;
  let other: DeviceBackend | undefined;
  let referee: DeviceBackend;
  const timeout = timeoutMs === undefined ? {} : { timeout: timeoutMs };

  beforeAll(async () => {
    device = await open();
    other = typeof bitwise === "function" ? await bitwise() : undefined;
    referee = await openReference();
  });
  afterAll(async () => {
    // Undefined if opening failed.
    for (const one of [device, other, referee] as (DeviceBackend | undefined)[]) await one?.close();
  });

  const wanted = cases.filter((one) => (!quick || one.quick) && (!only || only.test(titleOf(one))) && (!bitwise || one.kind === "program"));
  for (const group of new Set(wanted.map((one) => one.group))) {
    describe(group, () => {
      for (const one of wanted) {
        if (one.group !== group) continue;
        const skipped = skip.find(({ cases: pattern }) => pattern.test(titleOf(one)));
        if (skipped) {
          // A device may name what it cannot do; why stands in the report.
          it.skip(`${one.name} (${skipped.reason})`);
        } else if (one.kind === "program") {
          it(one.name, timeout, () => (bitwise ? checkBitwise(one, [device, other ?? device]) : checkProgram(one, device, referee)));
        } else {
          it(one.name, timeout, async () => {
            const own = await open();
            try {
              await one.check(own);
            } finally {
              await own.close();
            }
          });
        }
      }
    });
  }
}

const titleOf = ({ group, name }: BackendCase): string => `${group}: ${name}`;

export async function openReference(): Promise<DeviceBackend> {
  const device = await reference().open();
  if ("unavailable" in device) throw new Error(`openReference: ${device.unavailable}`);
  return device;
}
