import type { Combine, RegisterType } from "@multiway/tensor/device";
import type { MathFunction } from "../wgsl/math.ts";
import { extreme, literal } from "./expression.ts";

/** What a thread carries of one result: argMax and argMin carry a value and its position. */
export interface Accumulator {
  combine: Combine;
  type: RegisterType;
  value: string;
  position?: string;
}

export const isArg = (combine: Combine): boolean => combine === "argMax" || combine === "argMin";
/** Position of a line in which nothing was seen yet; every real one comes before it. */
export const nowhere = "2147483647i";

export function neutral({ combine, type }: Accumulator, use: (name: MathFunction) => void): string {
  switch (combine) {
    case "sum":
      return literal(type, 0, use);
    case "product":
      return literal(type, 1, use);
    case "any":
      return "false";
    case "all":
      return "true";
    case "maximum":
    case "argMax":
      return literal(type, type === "f32" ? "-inf" : type === "i32" ? -2147483648 : 0, use);
    case "minimum":
    case "argMin":
      return literal(type, type === "f32" ? "inf" : type === "i32" ? 2147483647 : type === "u32" ? 4294967295 : 1, use);
  }
}

export function start(accumulator: Accumulator, use: (name: MathFunction) => void): string[] {
  return [`var ${accumulator.value} = ${neutral(accumulator, use)};`, ...(accumulator.position ? [`var ${accumulator.position} = ${nowhere};`] : [])];
}

/** Joins a value (and its position) to an accumulator. Of equal extremes the first position stays; NaN counts as more extreme than any number. */
export function join({ combine, type, value, position }: Accumulator, x: string, at: string, use: (name: MathFunction) => void): string[] {
  switch (combine) {
    case "sum":
      return [`${value} += ${x};`];
    case "product":
      return [`${value} *= ${x};`];
    case "any":
      return [`${value} = ${value} || ${x};`];
    case "all":
      return [`${value} = ${value} && ${x};`];
    case "maximum":
    case "minimum":
      return [`${value} = ${extreme(combine, value, x, type, use)};`];
    case "argMax":
    case "argMin": {
      const word = type === "bool" ? (name: string): string => `u32(${name})` : (name: string): string => name;
      const beats = `${word(x)} ${combine === "argMax" ? ">" : "<"} ${word(value)}`;
      if (type !== "f32") return [`if (${beats} || (${x} == ${value} && ${at} < ${position})) { ${value} = ${x}; ${position} = ${at}; }`];
      use("isNaN");
      return [
        `if (select(!is_nan(${value}) && (${beats} || (${x} == ${value} && ${at} < ${position})), !is_nan(${value}) || ${at} < ${position}, is_nan(${x}))) {`,
        `  ${value} = ${x};`,
        `  ${position} = ${at};`,
        `}`,
      ];
    }
  }
}
