import { InternalError } from "@multiway/errors";
import type { Access, Instruction, KernelBuffer, RegisterType, Store } from "@multiway/tensor/device";
import type { MathFunction } from "../wgsl/math.ts";
import { addressOf } from "./axes.ts";
import { expression } from "./expression.ts";

/** What a straight-line body stands in. */
export interface Surroundings {
  buffers: readonly KernelBuffer[];
  /** Names of the loop indices (i32), kept then reduced. */
  indices: readonly string[];
  /** Put before every name, so that a reduction's values and those of the body after it do not meet. */
  prefix: string;
  /** Names of the reduction's results. */
  reduced?: readonly string[];
  /** A buffer whose element at the indices is at hand, under this name: an f32, or a vec4 of them where four are written at once. */
  own?: { buffer: number; name: string };
  use: (name: MathFunction) => void;
}

/** Statements of a body, and the name that each instruction's value has. */
export interface Body {
  lines: string[];
  name: (instruction: number) => string;
}

const zero = (type: RegisterType): string => ({ f32: "0.0f", i32: "0i", u32: "0u", bool: "false" })[type];

/** One instruction, one `let`: operands are always runtime values, so that no constant expression can be in error. */
export function writeBody(instructions: readonly Instruction[], around: Surroundings): Body {
  const name = (instruction: number): string => `${around.prefix}${instruction}`;
  const typeOf = (operand: number): RegisterType => instructions[operand]!.type;
  const lines = instructions.flatMap((instruction, position): string[] => {
    const target = name(position);
    switch (instruction.op) {
      case "index":
        return [`let ${target} = ${around.indices[instruction.axis]!};`];
      case "reduced":
        return [`let ${target} = ${around.reduced![instruction.result]!};`];
      case "load": {
        if (instruction.access.buffer === around.own?.buffer) return [`let ${target} = ${around.own.name};`];
        const load = `load_b${instruction.access.buffer}(u32(${addressOf(instruction.access, around.indices)}))`;
        if (instruction.guard === undefined) return [`let ${target} = ${load};`];
        return [`var ${target} = ${zero(instruction.type)};`, `if (${name(instruction.guard)}) { ${target} = ${load}; }`];
      }
      default:
        return [`let ${target} = ${expression(instruction, name, typeOf, around.use)};`];
    }
  });
  return { lines, name };
}

export function writeStores(stores: readonly Store[], around: Surroundings, name: (instruction: number) => string): string[] {
  return stores.map(({ access, value }) => `store_b${access.buffer}(u32(${addressOf(access, around.indices)}), ${name(value)});`);
}

/**
 * The same for four neighbours along the innermost axis at once: loads and stores with stride 1 move vec4s, all else is written once per neighbour,
 * or once for all where it doesn't depend on it. `indices` holds the innermost index of the first neighbour.
 */
export function writeBodyOfFour(instructions: readonly Instruction[], stores: readonly Store[], around: Surroundings, wide: (access: Access) => boolean): string[] {
  const innermost = around.indices.length - 1;
  const varies: boolean[] = [];
  const lines: string[] = [];
  const names = instructions.map(() => ["", "", "", ""]);
  const typeOf = (operand: number): RegisterType => instructions[operand]!.type;
  const fourth = (access: Access): string => `u32(${addressOf(access, around.indices)}) >> 2u`;
  instructions.forEach((instruction, position) => {
    if (instruction.op === "reduced") throw new InternalError("webgpu: an elementwise kernel has no reduction.");
    const isOwn = instruction.op === "load" && instruction.access.buffer === around.own?.buffer;
    const vector = instruction.op === "load" && (isOwn || wide(instruction.access));
    varies[position] = vector || (instruction.op === "index" && instruction.axis === innermost) || operandsOf(instruction).some((operand) => varies[operand]);
    if (vector) lines.push(`let ${around.prefix}${position} = ${isOwn ? around.own!.name : `load_b${instruction.access.buffer}(${fourth(instruction.access)})`};`);
    const copies = varies[position] ? [0, 1, 2, 3] : [0];
    for (const k of copies) {
      const target = varies[position] ? `${around.prefix}${position}_${k}` : `${around.prefix}${position}`;
      const name = (operand: number): string => names[operand]![k]!;
      if (varies[position]) names[position]![k] = target;
      else names[position]!.fill(target);
      if (instruction.op === "index") {
        lines.push(`let ${target} = ${around.indices[instruction.axis]!}${varies[position] && k ? ` + ${k}i` : ""};`);
      } else if (instruction.op === "load") {
        const value = vector ? `${around.prefix}${position}[${k}]` : `load_b${instruction.access.buffer}(u32(${addressOf(instruction.access, around.indices)}))`;
        // Memory reached where the guard is false is clamped by WebGPU, and what it holds is not used.
        lines.push(`let ${target} = ${instruction.guard === undefined ? value : `select(${zero(instruction.type)}, ${value}, ${name(instruction.guard)})`};`);
      } else {
        lines.push(`let ${target} = ${expression(instruction, name, typeOf, around.use)};`);
      }
    }
  });
  for (const { access, value } of stores) {
    lines.push(`store_b${access.buffer}(${fourth(access)}, vec4<${typeOf(value)}>(${names[value]!.join(", ")}));`);
  }
  return lines;
}

function operandsOf(instruction: Instruction): number[] {
  switch (instruction.op) {
    case "constant":
    case "index":
    case "reduced":
      return [];
    case "load":
      return instruction.guard === undefined ? [] : [instruction.guard];
    case "select":
      return [instruction.condition, instruction.x, instruction.y];
    default:
      return "y" in instruction ? [instruction.x, instruction.y] : [instruction.x];
  }
}
