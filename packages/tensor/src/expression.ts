import type { RegisterType } from "./dtype.ts";
import type { Access, BinaryOperation, Instruction, UnaryOperation } from "./kernel-ir.ts";

const comparisons: ReadonlySet<string> = new Set(["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"]);

/**
 * Writes straight-line kernel code. Every method gives the position of an instruction; equal instructions get the same position.
 */
export class ExpressionBuilder {
  readonly instructions: Instruction[] = [];
  readonly #positions = new Map<string, number>();

  /** The type of instruction `position`. */
  typeOf(position: number): RegisterType {
    return this.instructions[position]!.type;
  }

  emit(instruction: Instruction): number {
    const text = JSON.stringify(instruction);
    const known = this.#positions.get(text);
    if (known !== undefined) return known;
    this.#positions.set(text, this.instructions.length);
    return this.instructions.push(instruction) - 1;
  }

  constant(value: number, type: RegisterType): number {
    const spelled = value === Infinity ? "inf" : value === -Infinity ? "-inf" : Number.isNaN(value) ? "nan" : Object.is(value, -0) ? 0 : value;
    if (Object.is(value, -0) && type === "f32") return this.unary("negate", this.constant(0, "f32"));
    return this.emit({ op: "constant", type, value: spelled });
  }

  index(axis: number): number {
    return this.emit({ op: "index", type: "i32", axis });
  }

  load(access: Access, type: RegisterType, guard?: number): number {
    return this.emit(guard === undefined ? { op: "load", type, access } : { op: "load", type, access, guard });
  }

  unary(op: UnaryOperation, x: number): number {
    return this.emit({ op, type: op === "isNaN" ? "bool" : this.typeOf(x), x });
  }

  binary(op: BinaryOperation, x: number, y: number): number {
    return this.emit({ op, type: comparisons.has(op) ? "bool" : this.typeOf(x), x, y });
  }

  select(condition: number, x: number, y: number): number {
    return this.emit({ op: "select", type: this.typeOf(x), condition, x, y });
  }

  cast(x: number, type: RegisterType): number {
    return this.typeOf(x) === type ? x : this.emit({ op: "cast", type, x });
  }

  bitcast(x: number, type: RegisterType): number {
    return this.typeOf(x) === type ? x : this.emit({ op: "bitcast", type, x });
  }

  reduced(result: number, type: RegisterType): number {
    return this.emit({ op: "reduced", type, result });
  }
}
