import { ByteWriter } from "./bytes.ts";
import { Code, type Target } from "./code.ts";
import { asF32, asI32, typeByte, Local, value, type Value, type ValueType } from "./value.ts";

export type Locals<Types extends readonly ValueType[]> = { [Index in keyof Types]: Local<Types[Index]> };

/** A function of the module under construction. */
export interface FunctionReference {
  readonly index: number;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Writes operands and call. */
  write(out: ByteWriter, operands: readonly (Value | number)[]): void;
}

/** The value of a call; for functions with one result. */
export function call<T extends ValueType>(type: T, reference: FunctionReference, ...operands: readonly (Value | number)[]): Value<T> {
  if (reference.results.length !== 1 || reference.results[0] !== type) throw new Error(`internal: function ${reference.index} does not return one ${type}`);
  return value(type, (out) => reference.write(out, operands));
}

interface MemoryImport {
  module: string;
  name: string;
  initialPages: number;
  maximumPages: number;
  shared: boolean;
}

export interface ModuleOptions extends Target {
  /** The one memory, imported; left out, the module has none. */
  memory?: MemoryImport;
}

/** Assembles one WebAssembly module: functions over one imported memory. */
export class ModuleBuilder {
  readonly target: Target;
  readonly #options: ModuleOptions;
  readonly #shared = new Map<string, FunctionReference>();
  readonly #types: string[] = [];
  readonly #typeSection = new ByteWriter();
  readonly #functions: { type: number; code: Code | undefined }[] = [];
  readonly #exports: { name: string; index: number }[] = [];

  constructor(options: ModuleOptions) {
    this.#options = options;
    this.target = { relaxedSimd: options.relaxedSimd };
  }

  /** A function; exported under `name` unless that is undefined. The body may define further functions. */
  define<const Types extends readonly ValueType[]>(
    name: string | undefined,
    parameters: Types,
    results: readonly ValueType[],
    body: (code: Code, ...locals: Locals<Types>) => void,
  ): FunctionReference {
    const entry = { type: this.#typeIndex(parameters, results), code: undefined as Code | undefined };
    this.#functions.push(entry);
    const index = this.#functions.length - 1;
    if (name !== undefined) this.#exports.push({ name, index });
    const code = new Code(this.target, parameters.length);
    entry.code = code;
    body(code, ...(parameters.map((type, position) => new Local(type, position)) as unknown as Locals<Types>));
    return reference(index, parameters, results);
  }

  /** A function that several others call: defined the first time its key is asked for. */
  shared(key: string, define: () => FunctionReference): FunctionReference {
    const known = this.#shared.get(key) ?? define();
    this.#shared.set(key, known);
    return known;
  }

  #typeIndex(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${parameters.join()}:${results.join()}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    this.#types.push(key);
    this.#typeSection.byte(0x60);
    for (const list of [parameters, results]) {
      this.#typeSection.unsigned(list.length);
      for (const type of list) this.#typeSection.byte(typeByte[type]);
    }
    return this.#types.length - 1;
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    out.bytes([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const section = (id: number, count: number, write: (part: ByteWriter) => void): void => {
      if (count === 0) return;
      const part = new ByteWriter();
      part.unsigned(count);
      write(part);
      out.byte(id);
      out.sized(part);
    };
    const memory = this.#options.memory;
    section(1, this.#types.length, (part) => part.bytes(this.#typeSection.view()));
    if (memory) {
      section(2, 1, (part) => {
        part.name(memory.module);
        part.name(memory.name);
        part.bytes([2, memory.shared ? 3 : 1]);
        part.unsigned(memory.initialPages);
        part.unsigned(memory.maximumPages);
      });
    }
    section(3, this.#functions.length, (part) => this.#functions.forEach(({ type }) => part.unsigned(type)));
    section(7, this.#exports.length, (part) => {
      for (const { name, index } of this.#exports) {
        part.name(name);
        part.byte(0);
        part.unsigned(index);
      }
    });
    section(10, this.#functions.length, (part) => this.#functions.forEach(({ code }) => part.sized(code!.finish())));
    return out.toBytes();
  }
}

function reference(index: number, parameters: readonly ValueType[], results: readonly ValueType[]): FunctionReference {
  return {
    index,
    parameters,
    results,
    write(out, operands) {
      if (operands.length !== parameters.length) throw new Error(`internal: function ${index} takes ${parameters.length} operands, not ${operands.length}`);
      operands.forEach((operand, position) => {
        const number = typeof operand === "number";
        const type = parameters[position]!;
        if (!number && operand.type !== type) throw new Error(`internal: operand ${position} of function ${index} is ${operand.type}, not ${type}`);
        (number ? (type === "f32" ? asF32(operand) : asI32(operand)) : operand).write(out);
      });
      out.byte(0x10);
      out.unsigned(index);
    },
  };
}
