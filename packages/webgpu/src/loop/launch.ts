import { loopForm, registerType, type Access, type Combine, type DType, type Instruction, type LoopForm, type LoopKernel, type RegisterType } from "@multiway/tensor/device";
import { mathText, type MathFunction } from "../wgsl/math.ts";
import { writeBody, writeStores, type Surroundings } from "./body.ts";
import { extreme, literal } from "./expression.ts";

/**
 * Loops of one form as one dispatch: a table has a row for each of them, with its extent, its numbers, and where its elements are.
 *
 * The table is `[rows, workgroups in x, workgroups, …rows]`. A row is `[first workgroup, extent, …constants, …accesses]`, and an access `[binding, offset, stride]`,
 * the binding counted among those of data, offset and stride in words. No shader depends on how many rows there are, or on what stands in them.
 */
export const tableHeader = 3;
export const rowWords = ({ accesses, constants }: LoopForm): number => 2 + constants.length + 3 * accesses.length;

const workgroupSize = 256;
/** Elements of one workgroup. Of shapes alone, so that sums are the same in every run. */
const elementsPerGroup = { pointwise: 4 * workgroupSize, reduction: 64 * workgroupSize };

/** How many workgroups a loop takes. A reduction of nothing has a result, too. */
export function groupsOf(kernel: LoopKernel, { extent }: LoopForm): number {
  return kernel.reduction ? Math.max(1, Math.ceil(extent / elementsPerGroup.reduction)) : Math.ceil(extent / elementsPerGroup.pointwise);
}

/** The bits of a literal. */
export function wordOf({ type, value }: LoopForm["constants"][number]): number {
  const number = value === "inf" ? Infinity : value === "-inf" ? -Infinity : value === "nan" ? NaN : value;
  return type === "f32" ? new Uint32Array(Float32Array.of(number).buffer)[0]! : number >>> 0;
}

/** The WGSL of one form, for data in one or several bindings. */
export class LaunchText {
  readonly #kernel: LoopKernel;
  readonly #form: LoopForm;
  /** Each access has a buffer of its own here, and so has each constant. */
  readonly #template: LoopKernel;
  readonly #used = new Set<MathFunction>();
  /** By access: the bindings in which its elements may be. */
  readonly #bindingsOf: readonly (readonly number[])[];
  readonly #numBindings: number;

  constructor(kernel: LoopKernel, bindingsOf: readonly (readonly number[])[], numBindings: number) {
    this.#form = loopForm(kernel)!;
    this.#kernel = this.#form.kernel;
    this.#template = templateOf(this.#form);
    this.#bindingsOf = bindingsOf;
    this.#numBindings = numBindings;
  }

  /** One module, or for a reduction two: parts of each row, and their join. */
  modules(): string[] {
    const { reduction } = this.#kernel;
    return reduction ? [this.#module(this.#partial()), this.#module(this.#join())] : [this.#module(this.#pointwise())];
  }

  #pointwise(): string[] {
    const around = this.#around("v", ["i0"]);
    const body = writeBody(this.#template.body, around);
    return [
      ...this.#findRow,
      `let extent = table[at + 1u];`,
      `let first = (group - table[at]) * ${elementsPerGroup.pointwise}u + lane;`,
      `for (var k = 0u; k < 4u; k++) {`,
      `  let index = first + k * ${workgroupSize}u;`,
      `  if (index < extent) {`,
      ...[`let i0 = i32(index);`, ...body.lines, ...writeStores(this.#template.stores, around, body.name)].map((line) => `    ${line}`),
      `  }`,
      `}`,
    ];
  }

  #partial(): string[] {
    const around = this.#around("r", ["i0"]);
    const body = writeBody(this.#template.reduction!.body, around);
    return [
      ...this.#findRow,
      ...this.#accumulators.map(({ combine, type }, k) => `var a${k} = ${this.#neutral(combine, type)};`),
      `let first = (group - table[at]) * ${elementsPerGroup.reduction}u;`,
      `let end = min(first + ${elementsPerGroup.reduction}u, table[at + 1u]);`,
      `for (var index = first + lane; index < end; index += ${workgroupSize}u) {`,
      ...[`let i0 = i32(index);`, ...body.lines, ...this.#combine((k) => body.name(this.#accumulators[k]!.value))].map((line) => `  ${line}`),
      `}`,
      ...this.#tree,
      `if (lane == 0u && group < table[2]) {`,
      ...this.#accumulators.map((_, k) => `  partials[group * ${this.#accumulators.length}u + ${k}u] = bitcast<u32>(a${k});`),
      `}`,
    ];
  }

  #join(): string[] {
    const around = this.#around("v", []);
    const body = writeBody(this.#template.body, around);
    return [
      `let row = group;`,
      ...this.#readRow,
      `var end = table[2];`,
      `if (row + 1u < table[0]) { end = table[at + ${rowWords(this.#form)}u]; }`,
      ...this.#accumulators.map(({ combine, type }, k) => `var a${k} = ${this.#neutral(combine, type)};`),
      `for (var part = table[at] + lane; part < end; part += ${workgroupSize}u) {`,
      ...this.#combine((k) => `bitcast<${this.#accumulators[k]!.type}>(partials[part * ${this.#accumulators.length}u + ${k}u])`).map((line) => `  ${line}`),
      `}`,
      ...this.#tree,
      `if (lane == 0u && row < table[0]) {`,
      ...[...body.lines, ...writeStores(this.#template.stores, around, body.name)].map((line) => `  ${line}`),
      `}`,
    ];
  }

  #around(prefix: string, indices: string[]): Surroundings {
    return { buffers: this.#template.buffers, indices, prefix, reduced: this.#accumulators.map((_, k) => `a${k}`), use: (name) => void this.#used.add(name) };
  }

  get #accumulators(): { combine: Combine; type: RegisterType; value: number }[] {
    const { reduction } = this.#kernel;
    return (reduction?.results ?? []).map(({ combine, value }) => ({ combine, value, type: reduction!.body[value]!.type }));
  }

  /** The row of this workgroup: the last that does not start behind it. */
  get #findRow(): string[] {
    return [
      `var row = 0u;`,
      `var behind = table[0];`,
      `while (behind - row > 1u) {`,
      `  let middle = (row + behind) / 2u;`,
      `  if (table[${tableHeader}u + middle * ${rowWords(this.#form)}u] <= group) { row = middle; } else { behind = middle; }`,
      `}`,
      ...this.#readRow,
    ];
  }

  get #readRow(): string[] {
    const { constants, accesses } = this.#form;
    const word = (name: string, position: number): string => `${name} = table[at + ${position}u];`;
    return [
      `let at = ${tableHeader}u + row * ${rowWords(this.#form)}u;`,
      ...constants.map((_, k) => word(`constant${k}`, 2 + k)),
      ...accesses.flatMap((_, j) => {
        const start = 2 + constants.length + 3 * j;
        return [...(this.#bindingsOf[j]!.length > 1 ? [word(`binding${j}`, start)] : []), word(`offset${j}`, start + 1), word(`stride${j}`, start + 2)];
      }),
    ];
  }

  #combine(value: (k: number) => string): string[] {
    return this.#accumulators.flatMap(({ combine, type }, k) => {
      if (combine === "sum" || combine === "product") return [`a${k} ${combine === "sum" ? "+" : "*"}= ${value(k)};`];
      return [`let x${k} = ${value(k)};`, `a${k} = ${extreme(combine as "minimum" | "maximum", `a${k}`, `x${k}`, type, (name) => void this.#used.add(name))};`];
    });
  }

  /** Halves the lanes until one is left, in a fixed order. */
  get #tree(): string[] {
    const save = this.#accumulators.map((_, k) => `shared${k}[lane] = a${k};`);
    return [
      ...save,
      `workgroupBarrier();`,
      `for (var half = ${workgroupSize / 2}u; half > 0u; half >>= 1u) {`,
      `  if (lane < half) {`,
      ...[...this.#combine((k) => `shared${k}[lane + half]`), ...save].map((line) => `    ${line}`),
      `  }`,
      `  workgroupBarrier();`,
      `}`,
    ];
  }

  #neutral(combine: Combine, type: RegisterType): string {
    const use = (name: MathFunction): void => void this.#used.add(name);
    if (combine === "sum" || combine === "product") return literal(type, combine === "sum" ? 0 : 1, use);
    const [least, most] = type === "f32" ? (["-inf", "inf"] as const) : type === "i32" ? [-2147483648, 2147483647] : [0, 4294967295];
    return literal(type, combine === "maximum" ? least : most, use);
  }

  #module(statements: readonly string[]): string {
    const isReduction = this.#kernel.reduction !== undefined;
    const binding = (position: number, name: string): string => `@group(0) @binding(${position}) var<storage, read_write> ${name}: array<u32>;`;
    const firstData = firstDataBinding(this.#kernel);
    const lines = [
      `// ${this.#kernel.label} and others`,
      binding(0, "table"),
      ...(isReduction ? [binding(1, "partials")] : []),
      ...Array.from({ length: this.#numBindings }, (_, position) => binding(firstData + position, `data${position}`)),
      ...this.#accessors(),
      ...(isReduction ? this.#accumulators.map(({ type }, k) => `var<workgroup> shared${k}: array<${type}, ${workgroupSize}>;`) : []),
      mathText(this.#used),
      `@compute @workgroup_size(${workgroupSize})`,
      `fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) workgroup: vec3<u32>) {`,
      `  let group = workgroup.x + table[1] * workgroup.y;`,
      ...statements.map((line) => `  ${line}`),
      `}`,
      ``,
    ];
    return lines.filter((line, index) => line !== "" || index === lines.length - 1).join("\n");
  }

  #accessors(): string[] {
    const { buffers, stores } = this.#template;
    const { accesses, constants } = this.#form;
    const firstStore = accesses.length - stores.length;
    const typed = (type: DType, word: string): string => (type === "u32" ? word : type === "bool" ? `${word} != 0u` : `bitcast<${type}>(${word})`);
    return [
      ...accesses.flatMap((_, j) => {
        const type = buffers[j]!.dtype;
        const bindings = this.#bindingsOf[j]!;
        const element = (binding: number): string => `data${binding}[offset${j} + stride${j} * index]`;
        const each = (write: (binding: number) => string): string[] => bindings.map((binding, position) => (position === bindings.length - 1 ? `  ${write(binding)}` : `  if (binding${j} == ${binding}u) { ${write(binding)} return; }`));
        const variables = [`offset${j}`, `stride${j}`, ...(bindings.length > 1 ? [`binding${j}`] : [])].map((name) => `var<private> ${name}: u32;`);
        if (j >= firstStore) return [...variables, `fn store_b${j}(index: u32, value: ${type}) {`, ...each((binding) => `${element(binding)} = ${type === "u32" ? "value" : "bitcast<u32>(value)"};`), `}`];
        const choices = bindings.map((binding, position) => (position === bindings.length - 1 ? `  return ${typed(type, element(binding))};` : `  if (binding${j} == ${binding}u) { return ${typed(type, element(binding))}; }`));
        return [...variables, `fn load_b${j}(index: u32) -> ${type} {`, ...choices, `}`];
      }),
      ...constants.flatMap(({ type }, k) => [`var<private> constant${k}: u32;`, `fn load_b${accesses.length + k}(index: u32) -> ${type} { return ${typed(type, `constant${k}`)}; }`]),
    ];
  }
}

/** Bindings in front of those of data: the table, and what is left of a reduction's parts. */
export const firstDataBinding = (kernel: LoopKernel): number => (kernel.reduction ? 2 : 1);

/** The loop with buffers of its own for each access and each constant: `load_bJ(index)` reaches them through the row. */
function templateOf({ kernel, accesses, constants }: LoopForm): LoopKernel {
  let access = 0;
  let constant = accesses.length;
  const at = (buffer: number, strides: readonly number[]): Access => ({ buffer, offset: 0, strides });
  const rewrite = (strides: readonly number[]) => (instruction: Instruction): Instruction => {
    if (instruction.op === "load") return { ...instruction, access: at(access++, strides) };
    return instruction.op === "constant" ? { op: "load", type: instruction.type, access: at(constant++, []) } : instruction;
  };
  const reduction = kernel.reduction && { ...kernel.reduction, body: kernel.reduction.body.map(rewrite([1])) };
  const strides = kernel.reduction ? [] : [1];
  const body = kernel.body.map(rewrite(strides));
  const stores = kernel.stores.map((store) => ({ ...store, access: at(access++, strides) }));
  const buffers = [...accesses.map(({ buffer }) => ({ dtype: registerType(kernel.buffers[buffer]!.dtype), access: "readwrite" as const })), ...constants.map(({ type }) => ({ dtype: type, access: "read" as const }))];
  return { ...kernel, buffers, ...(reduction && { reduction }), body, stores };
}
