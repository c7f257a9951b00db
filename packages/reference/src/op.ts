import { formatShape } from "@multiway/errors";
import type { OpKernel } from "@multiway/tensor/device";
import { demand } from "./fault.ts";
import type { View } from "./view.ts";

export interface OpArguments {
  inputs: readonly View[];
  outputs: readonly View[];
  attributes: OpKernel["attributes"];
}

/** A hand-written kernel in plain loops: checks what it is given, then writes its outputs. */
export type KernelOp = (args: OpArguments) => void;

export function demandShape(views: Record<string, View>, expected: Record<string, readonly number[]>): void {
  for (const [name, view] of Object.entries(views)) {
    demand(formatShape(view.shape) === formatShape(expected[name]!), `${name} is ${formatShape(view.shape)}; expected ${formatShape(expected[name]!)}.`);
  }
}

export function demandFloat(views: Record<string, View>): void {
  for (const [name, view] of Object.entries(views)) demand(view.dtype === "f32" || view.dtype === "f16", `${name} is ${view.dtype}; expected f32 or f16.`);
}

export function numberAttribute(attributes: OpKernel["attributes"], name: string): number {
  const value = attributes[name];
  demand(typeof value === "number", `attribute ${name} is ${String(value)}; expected a number.`);
  return value;
}
