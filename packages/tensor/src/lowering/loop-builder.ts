import { InternalError } from "@multiway/errors";
import { registerType } from "../dtype.ts";
import { ExpressionBuilder } from "../expression.ts";
import type { Access } from "../kernel-ir.ts";
import { contiguousView, applyViewSteps, type View, type ViewStep } from "../view.ts";
import type { Value } from "./graph.ts";

/** Thrown while a kernel is built, when values must have memory of their own after all. The lowering starts over with them stored. */
export class MustStore {
  readonly values: readonly Value[];
  constructor(...values: readonly Value[]) {
    this.values = values;
  }
}

/** Thrown when a result cannot be written over its argument, and its kernel touches too many buffers without that. The lowering starts over. */
export class MustCopy {
  readonly result: Value;
  constructor(result: Value) {
    this.result = result;
  }
}

/** A step from a value towards the kernel's loops, and the value that it yields. */
export interface PathStep {
  step: ViewStep;
  result: Value;
}

/**
 * Writes the code that computes values at the current index of a loop nest.
 *
 * A value is reached through a *path* of view steps; the path is pushed through expressions down to memory, where it becomes strides.
 */
export class LoopBuilder {
  readonly code = new ExpressionBuilder();
  /** Values in memory that the code loads from, in order of first use: an access's buffer is a position in it. */
  readonly loaded: Value[] = [];
  /** Values that the code computes. */
  readonly evaluated: Value[] = [];
  readonly #isStored: (value: Value) => boolean;
  readonly #computed = new Map<Value, { instruction: number; shape: string }>();
  readonly #memo = new Map<string, number>();

  /** @param isStored whether a value has memory; leaves always have */
  constructor(isStored: (value: Value) => boolean) {
    this.#isStored = isStored;
  }

  /**
   * Makes a result of this kernel readable at its own index without a load.
   *
   * @param shape of the loops, where it is not the value's; of as many elements
   */
  define(value: Value, instruction: number, shape: readonly number[] = value.spec.shape): void {
    this.#computed.set(value, { instruction, shape: shape.join() });
  }

  /** The instruction that holds `value` at the current index; `value` has the shape of the loops, in the order of their axes. */
  read(value: Value, path: readonly PathStep[] = [], guard?: number): number {
    const computed = this.#computed.get(value);
    // Whatever it was reshaped to in between: in the shape of the loops the same index is the same element.
    if (computed && path.every(({ step }) => step.kind === "reshape") && lastShape(value, path).join() === computed.shape) return computed.instruction;
    const key = `${value.id} ${guard ?? ""} ${path.map(({ step, result }) => `${result.id}${step.kind === "slice" ? step.starts.join(":") : ""}`).join()}`;
    const known = this.#memo.get(key);
    if (known !== undefined) return known;
    const instruction = this.#read(value, path, guard);
    this.#memo.set(key, instruction);
    return instruction;
  }

  /** The code of an expression's own op, even when the expression is stored: for the kernel that stores it. */
  evaluate(value: Value, path: readonly PathStep[] = [], guard?: number): number {
    const { op } = value;
    this.evaluated.push(value);
    if (value.step) return this.read(value.inputs[0]!, [{ step: value.step, result: value }, ...path], guard);
    if (op.name === "iota") return this.#coordinate(value, value.attributes["axis"] as number, path);
    if (op.kind === "assemble") return this.#assemble(value, path, guard);
    if (op.kind !== "pointwise") throw new InternalError(`${op.name} reached a loop kernel.`);
    const inputs = value.inputs.map((input) => this.read(input, path, guard));
    return op.expression(this.code, inputs, value.attributes, { type: registerType(value.spec.dtype), shape: value.spec.shape });
  }

  #read(value: Value, path: readonly PathStep[], guard: number | undefined): number {
    if (value.leaf?.kind === "scalar" || value.leaf || this.#isStored(value)) return this.#load(value, path, guard);
    return this.evaluate(value, path, guard);
  }

  #load(value: Value, path: readonly PathStep[], guard: number | undefined): number {
    const { strides, offset } = this.#walk(contiguousView(value.spec.shape), value, path);
    let buffer = this.loaded.indexOf(value);
    if (buffer < 0) buffer = this.loaded.push(value) - 1;
    return this.code.load({ buffer, offset, strides }, registerType(value.spec.dtype), guard);
  }

  #walk(start: View, value: Value, path: readonly PathStep[]): View {
    const view = applyViewSteps(
      start,
      path.map(({ step }) => step),
    );
    if (!("failedAt" in view)) return view;
    throw new MustStore(view.failedAt === 0 ? value : path[view.failedAt - 1]!.result);
  }

  /** The position along one axis of `value`, i32. */
  #coordinate(value: Value, axis: number, path: readonly PathStep[]): number {
    const start: View = { shape: value.spec.shape, strides: value.spec.shape.map((_, a) => (a === axis ? 1 : 0)), offset: 0 };
    const { strides, offset } = this.#walk(start, value, path);
    let sum: number | undefined;
    strides.forEach((stride, loop) => {
      if (stride === 0) return;
      const index = this.code.index(loop);
      const term = stride === 1 ? index : this.code.binary("multiply", index, this.code.constant(stride, "i32"));
      sum = sum === undefined ? term : this.code.binary("add", sum, term);
    });
    const constant = this.code.constant(offset, "i32");
    return sum === undefined ? constant : offset === 0 ? sum : this.code.binary("add", sum, constant);
  }

  #assemble(value: Value, path: readonly PathStep[], guard: number | undefined): number {
    const { op } = value;
    if (op.kind !== "assemble") throw new InternalError(`${op.name} is no assembly.`);
    const starts = op.starts(
      value.inputs.map((input) => input.spec),
      value.attributes,
    );
    const { code } = this;
    let result: number | undefined;
    for (let position = value.inputs.length - 1; position >= 0; position--) {
      const input = value.inputs[position]!;
      let inside: number | undefined;
      const require = (condition: number) => (inside = inside === undefined ? condition : code.binary("and", inside, condition));
      value.spec.shape.forEach((extent, axis) => {
        const start = starts[position]![axis]!;
        const end = start + input.spec.shape[axis]!;
        if (start === 0 && end === extent) return;
        const coordinate = this.#coordinate(value, axis, path);
        if (start > 0) require(code.binary("greaterEqual", coordinate, code.constant(start, "i32")));
        if (end < extent) require(code.binary("less", coordinate, code.constant(end, "i32")));
      });
      const shift: PathStep = {
        step: { kind: "slice", starts: starts[position]!.map((start) => -start), steps: starts[position]!.map(() => 1), shape: value.spec.shape },
        result: value,
      };
      const both = inside === undefined ? guard : guard === undefined ? inside : code.binary("and", guard, inside);
      const element = this.read(input, [shift, ...path], both);
      const otherwise = result ?? code.constant(0, code.typeOf(element));
      result = inside === undefined ? element : code.select(inside, element, otherwise);
    }
    return result!;
  }
}

function lastShape({ spec }: Value, path: readonly PathStep[]): readonly number[] {
  const last = path.at(-1)?.step;
  return last && "shape" in last ? last.shape : spec.shape;
}

/** Renumbers the buffers of an access. */
export const withBuffer = (access: Access, buffer: number): Access => ({ buffer, offset: access.offset, strides: access.strides });
