import { registerType, type Access, type Combine, type Instruction, type LoopKernel, type RegisterType } from "@multiway/tensor/device";
import { expressionOf, helpers, type Operand } from "./expressions.ts";
import { demand, Fault } from "./fault.ts";
import type { Elements } from "./storage.ts";

/**
 * A loop kernel as a function of its buffers: one JavaScript statement per instruction inside plain nested loops, in float64.
 *
 * Being the referee, it checks types and positions when it is compiled, and every address and every second store to one element when it runs.
 */
export function compileLoop(kernel: LoopKernel): (buffers: readonly Elements[]) => void {
  const run = new Function("buffers", "helpers", "outside", "twice", loopSource(kernel)) as (...args: unknown[]) => void;
  return (buffers) => run(buffers, helpers, outside, twice);
}

function outside(verb: string, buffer: number, address: number, length: number): never {
  throw new Fault(`${verb} element ${address} of buffer ${buffer}, which has ${length}.`);
}

function twice(buffer: number, address: number): never {
  throw new Fault(`stores element ${address} of buffer ${buffer} twice.`);
}

/** The text of the function that {@link compileLoop} makes. */
export function loopSource(kernel: LoopKernel): string {
  const { extents, reduction, body, stores, buffers } = kernel;
  const lines: string[] = [];
  const stored = new Set(stores.map((store) => store.access.buffer));
  demandExtents(extents);
  buffers.forEach((_, position) => lines.push(`const b${position} = buffers[${position}];`));
  for (const position of stored) lines.push(`const stored${position} = new Uint8Array(b${position}?.length ?? 0);`);

  const kept = extents.length;
  openLoops(lines, extents, 0);
  const results: RegisterType[] = [];
  if (reduction) {
    demandExtents(reduction.extents);
    demand(reduction.extents.length >= 1, `the reduction has no axis.`);
    const types = reduction.body.map((instruction) => instruction.type);
    for (const { combine, value } of reduction.results) {
      demand(types[value] !== undefined, `the reduction's value ${value} is no instruction of its body.`);
      results.push(resultType(combine, types[value]));
    }
    reduction.results.forEach(({ combine, value }, position) => lines.push(...startOf(combine, types[value]!, `r${position}`)));
    lines.push("let reducedIndex = 0;");
    openLoops(lines, reduction.extents, kept);
    emitBody(lines, kernel, reduction.body, "x", kept + reduction.extents.length, undefined, stored);
    reduction.results.forEach(({ combine, value }, position) => lines.push(joinTo(combine, types[value]!, `r${position}`, `x${value}`)));
    lines.push("reducedIndex++;", "}".repeat(reduction.extents.length));
  }
  emitBody(lines, kernel, body, "v", kept, results, stored);
  for (const { access, value } of stores) {
    const type = body[value]?.type;
    demand(type !== undefined, `a store's value ${value} is no instruction of the body.`);
    const buffer = bufferOf(kernel, access, kept, "store");
    demand(buffer.access !== "read", `a store to buffer ${access.buffer}, whose access is "read".`);
    demand(buffer.dtype === type, `a store of ${type} to buffer ${access.buffer}, which is ${buffer.dtype}.`);
    const b = access.buffer;
    lines.push(
      `{ const a = ${addressOf(access)};`,
      `if (!(a >= 0 && a < b${b}.length)) outside("stores", ${b}, a, b${b}.length);`,
      `if (stored${b}[a]) twice(${b}, a);`,
      `stored${b}[a] = 1;`,
      `b${b}[a] = ${type === "bool" ? `v${value} ? 1 : 0` : `v${value}`}; }`,
    );
  }
  lines.push("}".repeat(kept));
  return lines.join("\n");
}

function demandExtents(extents: readonly number[]): void {
  for (const extent of extents) demand(Number.isInteger(extent) && extent >= 0, `the extent ${extent} is no count.`);
}

function openLoops(lines: string[], extents: readonly number[], firstAxis: number): void {
  extents.forEach((extent, axis) => {
    const i = `i${firstAxis + axis}`;
    lines.push(`for (let ${i} = 0; ${i} < ${extent}; ${i}++) {`);
  });
}

function addressOf({ offset, strides }: Access): string {
  return [String(offset), ...strides.flatMap((stride, axis) => (stride === 0 ? [] : [`${stride} * i${axis}`]))].join(" + ");
}

function bufferOf(kernel: LoopKernel, access: Access, numAxes: number, verb: string) {
  const buffer = kernel.buffers[access.buffer];
  demand(buffer !== undefined, `a ${verb} names buffer ${access.buffer}; the kernel has ${kernel.buffers.length}.`);
  demand(access.strides.length === numAxes, `a ${verb} of buffer ${access.buffer} has ${access.strides.length} strides; expected one for each of ${numAxes} axes.`);
  demand([access.offset, ...access.strides].every(Number.isInteger), `a ${verb} of buffer ${access.buffer} has an address that is no whole number.`);
  return buffer;
}

function emitBody(
  lines: string[], kernel: LoopKernel, body: readonly Instruction[], prefix: string, numAxes: number, results: readonly RegisterType[] | undefined, stored: ReadonlySet<number>,
): void {
  body.forEach((instruction, position) => {
    const name = `${prefix}${position}`;
    const operand = (earlier: number): Operand => {
      demand(Number.isInteger(earlier) && earlier >= 0 && earlier < position, `instruction ${position} (${instruction.op}) uses ${earlier}; expected an earlier one.`);
      return { type: body[earlier]!.type, name: `${prefix}${earlier}` };
    };
    if (instruction.op === "index") {
      demand(instruction.axis >= 0 && instruction.axis < numAxes && instruction.type === "i32", `there is no index of axis ${instruction.axis} among ${numAxes}.`);
      lines.push(`const ${name} = i${instruction.axis};`);
    } else if (instruction.op === "reduced") {
      const type = results?.[instruction.result];
      demand(type === instruction.type, `the reduction's result ${instruction.result} is ${type ?? "missing"}; instruction ${position} says ${instruction.type}.`);
      lines.push(`const ${name} = r${instruction.result};`);
    } else if (instruction.op === "load") {
      const { access, guard, type } = instruction;
      const buffer = bufferOf(kernel, access, numAxes, "load");
      demand(buffer.access !== "write", `a load of buffer ${access.buffer}, whose access is "write".`);
      demand(registerType(buffer.dtype) === type, `a load of ${type} from buffer ${access.buffer}, which is ${buffer.dtype}.`);
      if (stored.has(access.buffer)) demandOwnElement(kernel, access);
      const b = access.buffer;
      const condition = guard === undefined ? undefined : operand(guard);
      demand(condition === undefined || condition.type === "bool", `the guard of a load is ${condition?.type}; expected bool.`);
      lines.push(
        `let ${name} = ${type === "bool" ? "false" : "0"};`,
        `${condition ? `if (${condition.name}) ` : ""}{ const a = ${addressOf(access)};`,
        `if (!(a >= 0 && a < b${b}.length)) outside("loads", ${b}, a, b${b}.length);`,
        `${name} = b${b}[a]${type === "bool" ? " !== 0" : ""}; }`,
      );
    } else {
      lines.push(`const ${name} = ${expressionOf(instruction, operand)};`);
    }
  });
}

/** Kept indices run in any order, so what is loaded from a buffer that is also stored must be the element that this very index stores. */
function demandOwnElement(kernel: LoopKernel, access: Access): void {
  const isOwn = kernel.stores.every((store) => store.access.buffer !== access.buffer || addressOf(store.access) === addressOf(access));
  demand(isOwn, `loads from buffer ${access.buffer} elements that other indices store.`);
}

function resultType(combine: Combine, type: RegisterType): RegisterType {
  const isLogical = combine === "any" || combine === "all";
  demand(isLogical === (type === "bool"), `there is no ${combine} of ${type}.`);
  return combine === "argMax" || combine === "argMin" ? "i32" : type;
}

const largest = { f32: "Infinity", i32: "2147483647", u32: "4294967295", bool: "" };
const smallest = { f32: "-Infinity", i32: "-2147483648", u32: "0", bool: "" };

function startOf(combine: Combine, type: RegisterType, name: string): string[] {
  switch (combine) {
    case "sum": return [`let ${name} = 0;`];
    case "product": return [`let ${name} = 1;`];
    case "maximum": return [`let ${name} = ${smallest[type]};`];
    case "minimum": return [`let ${name} = ${largest[type]};`];
    case "any": return [`let ${name} = false;`];
    case "all": return [`let ${name} = true;`];
    case "argMax":
    case "argMin": return [`let ${name} = 0;`, `let ${name}Best;`];
    default: throw new Fault(`there is no reduction "${String(combine)}".`);
  }
}

function joinTo(combine: Combine, type: RegisterType, name: string, value: string): string {
  switch (combine) {
    case "sum": return `${name} = ${expressionOfJoin("add", type, name, value)};`;
    case "product": return `${name} = ${expressionOfJoin("multiply", type, name, value)};`;
    case "maximum": return `${name} = Math.max(${name}, ${value});`;
    case "minimum": return `${name} = Math.min(${name}, ${value});`;
    case "any": return `${name} = ${name} || ${value};`;
    case "all": return `${name} = ${name} && ${value};`;
    case "argMax":
    case "argMin": {
      // NaN beats every number, and nothing beats NaN, so that the position agrees with what maximum and minimum give.
      const beats = `${value} ${combine === "argMax" ? ">" : "<"} ${name}Best`;
      return `if (${name}Best === undefined || ${beats} || (${value} !== ${value} && ${name}Best === ${name}Best)) { ${name}Best = ${value}; ${name} = reducedIndex; }`;
    }
  }
}

function expressionOfJoin(op: "add" | "multiply", type: RegisterType, x: string, y: string): string {
  return expressionOf({ op, type, x: 0, y: 1 }, (position) => ({ type, name: position === 0 ? x : y }));
}
