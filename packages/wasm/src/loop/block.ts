import type { Store } from "@multiway/tensor/device";
import { i32, i32x4, select, v128, type Code, type I32, type Local, type V128 } from "../assembler/index.ts";
import { widenHalf } from "../math/half.ts";
import type { CursorState } from "./cursors.ts";
import { typeOfBuffer, variation, type Nest, type NestInstruction } from "./nest.ts";
import { binary, cast, constant, unary } from "./operations.ts";

/** The lanes that a body is emitted for. */
export interface Lanes {
  /** Lane l of block b is element 4 · b + l of this axis from where the cursors stand. Undefined: all lanes are one element. */
  axis: number | undefined;
  blocks: number;
  /** Emit each instruction for all blocks before the next one, rather than one block after the other. */
  sideBySide?: boolean;
  /** How many elements are left, for a single block that may be partial. Lanes past them hold anything, and store nothing. */
  left?: Local<"i32">;
}

/** What a `reduced` instruction asks for. */
export type ReducedPart = (NestInstruction & { op: "reduced" })["part"];

/** Values of the results of a reduction, per block. */
export type ReducedValue = (result: number, part: ReducedPart, block: number) => V128;

/**
 * Emits a straight-line body for vectors of four. Instructions may be emitted in several passes, outer ones before a loop and inner ones in it; a value
 * that does not change along the vector axis is made once for all blocks.
 */
export class BodyEmitter {
  readonly #code: Code;
  readonly #nest: Nest;
  readonly #body: readonly NestInstruction[];
  readonly #varies: boolean[][];
  /** By instruction, then block; one entry where blocks share the value. */
  readonly #values: V128[][] = [];
  readonly #reduced: ReducedValue | undefined;
  readonly lanes: Lanes;

  constructor(code: Code, nest: Nest, body: readonly NestInstruction[], lanes: Lanes, reduced?: ReducedValue) {
    this.#code = code;
    this.#nest = nest;
    this.#body = body;
    this.#varies = variation(body, nest.kept.length + nest.reduced.length);
    this.#reduced = reduced;
    this.lanes = lanes;
  }

  /** Emits what does not change along any of `axes` and was not emitted before. */
  emitInvariant(state: CursorState, axes: readonly number[]): void {
    this.#emit(state, (instruction) => !axes.some((axis) => this.#varies[instruction]![axis]));
  }

  /** Emits all that is left. */
  emitRest(state: CursorState): void {
    this.#emit(state, () => true);
  }

  /** Forgets values that stay valid for one round of a loop only, so that the body can be emitted anew. Those of `emitInvariant` stay. */
  fork(lanes: Lanes): BodyEmitter {
    const copy = new BodyEmitter(this.#code, this.#nest, this.#body, lanes, this.#reduced);
    this.#values.forEach((values, instruction) => (copy.#values[instruction] = values));
    return copy;
  }

  value(instruction: number, block: number): V128 {
    const values = this.#values[instruction]!;
    return values.length === 1 ? values[0]! : values[block]!;
  }

  #emit(state: CursorState, wanted: (instruction: number) => boolean): void {
    const { axis, blocks, sideBySide } = this.lanes;
    const pending = this.#body.flatMap((instruction, position) => (this.#values[position] === undefined && wanted(position) ? [{ instruction, position }] : []));
    const isShared = ({ instruction, position }: (typeof pending)[number]): boolean =>
      instruction.op !== "reduced" && (axis === undefined || !this.#varies[position]![axis]) && !this.#dependsOnReduced(position);
    for (const entry of pending) if (isShared(entry)) this.#values[entry.position] = [this.#emitOne(state, entry.instruction, 0)];
    const rest = pending.filter((entry) => !isShared(entry));
    const emitAt = ({ instruction, position }: (typeof pending)[number], block: number): void => {
      (this.#values[position] ??= [])[block] = this.#emitOne(state, instruction, block);
    };
    if (sideBySide) for (const entry of rest) for (let block = 0; block < blocks; block++) emitAt(entry, block);
    else for (let block = 0; block < blocks; block++) for (const entry of rest) emitAt(entry, block);
  }

  #reducedCache: boolean[] | undefined;

  #dependsOnReduced(position: number): boolean {
    if (!this.#reducedCache) {
      const depends: boolean[] = [];
      for (const instruction of this.#body) {
        const operands = ["x", "y", "condition", "guard"].map((name) => (instruction as unknown as Record<string, unknown>)[name]);
        depends.push(instruction.op === "reduced" || operands.some((operand) => typeof operand === "number" && depends[operand]));
      }
      this.#reducedCache = depends;
    }
    return this.#reducedCache[position]!;
  }

  #emitOne(state: CursorState, instruction: NestInstruction, block: number): V128 {
    const code = this.#code;
    const operand = (position: number): V128 => this.value(position, block);
    const typeOf = (position: number) => this.#body[position]!.type;
    switch (instruction.op) {
      case "constant":
        return constant(instruction.type, instruction.value);
      case "index":
        return code.let(this.#index(state, instruction, block));
      case "load":
        return this.#load(state, instruction, block);
      case "reduced":
        return this.#reduced!(instruction.result, instruction.part, block);
      case "select":
        return code.let(v128.bitselect(operand(instruction.x), operand(instruction.y), operand(instruction.condition)));
      case "cast":
        return code.let(cast(instruction.type, typeOf(instruction.x), operand(instruction.x)));
      case "bitcast":
        return operand(instruction.x);
    }
    if (!("y" in instruction)) return code.let(unary(code, instruction.op, typeOf(instruction.x), operand(instruction.x)));
    const y = this.#body[instruction.y]!;
    if (y.op === "constant" && typeof y.value === "number") {
      const x = operand(instruction.x);
      if (instruction.op === "shiftLeft") return code.let(i32x4.shl(x, y.value));
      if (instruction.op === "shiftRight") return code.let((instruction.type === "u32" ? i32x4.shrU : i32x4.shrS)(x, y.value));
      if (instruction.op === "power" && y.value === 2) return code.let(binary(code, "multiply", "f32", x, x));
    }
    return code.let(binary(code, instruction.op, typeOf(instruction.x), operand(instruction.x), operand(instruction.y)));
  }

  #index(state: CursorState, instruction: NestInstruction, block: number): V128 {
    const { cursor } = state.placeOf(instruction);
    const stride = state.strideOf(cursor, this.lanes.axis);
    const first = i32x4.splat(state.at(cursor));
    if (stride === 0) return first;
    const at = (lane: number): number => (4 * block + lane) * stride;
    return i32x4.add(first, i32x4.const(at(0), at(1), at(2), at(3)));
  }

  #load(state: CursorState, instruction: NestInstruction & { op: "load" }, block: number): V128 {
    const code = this.#code;
    const { cursor, offsetBytes } = state.placeOf(instruction);
    const base = state.at(cursor);
    const stride = state.strideOf(cursor, this.lanes.axis);
    const dtype = this.#nest.dtypes[instruction.access.buffer]!;
    const isHalf = dtype === "f16";
    const size = isHalf ? 2 : 4;
    const raw = code.local("v128");
    const whole = (): void => {
      if (stride === 0) code.set(raw, isHalf ? i32x4.splat(i32.load16U(base, offsetBytes)) : v128.load32Splat(base, offsetBytes));
      else code.set(raw, isHalf ? v128.load16x4U(base, offsetBytes + 4 * block * size) : v128.load(base, offsetBytes + 4 * block * size));
    };
    const lane = (index: number): void => {
      const distance = (4 * block + index) * stride;
      // Lanes past the end read the first one again: elsewhere there may be no memory.
      const step: I32 = this.lanes.left && index > 0 && stride !== 0 ? select(i32.const(distance), i32.const(0), i32.gtS(this.lanes.left, index)) : i32.const(distance);
      const address = i32.add(base, step);
      if (isHalf) code.set(raw, i32x4.replaceLane(raw, index, i32.load16U(address, offsetBytes)));
      else code.set(raw, index === 0 && instruction.guard === undefined ? v128.load32Zero(address, offsetBytes) : v128.load32Lane(address, raw, index, offsetBytes));
    };
    const lanes = (): void => [0, 1, 2, 3].forEach(lane);
    const isWhole = stride === 0 || stride === size;
    if (instruction.guard === undefined) (isWhole ? whole : lanes)();
    else {
      const allowed = this.value(instruction.guard, block);
      const mask = this.lanes.left ? code.let(v128.and(allowed, lanesBelow(this.lanes.left))) : allowed;
      code.set(raw, i32x4.all(0));
      const byLane = (): void => [0, 1, 2, 3].forEach((index) => code.if(i32x4.extractLane(mask, index), () => lane(index)));
      if (!isWhole) code.if(v128.anyTrue(mask), byLane);
      else code.if(i32x4.allTrue(mask), whole, () => code.if(v128.anyTrue(mask), byLane));
    }
    if (isHalf) return code.let(widenHalf(code, raw));
    return dtype === "bool" ? code.let(i32x4.ne(raw, i32x4.all(0))) : raw;
  }

  store(state: CursorState, store: Store): void {
    const code = this.#code;
    const { cursor, offsetBytes } = state.placeOf(store);
    const base = state.at(cursor);
    const stride = state.strideOf(cursor, this.lanes.axis);
    const { left } = this.lanes;
    for (let block = 0; block < this.lanes.blocks; block++) {
      const value = this.value(store.value, block);
      const stored = typeOfBuffer(this.#nest, store.access.buffer) === "bool" ? code.let(v128.and(value, i32x4.all(1))) : value;
      const lane = (index: number): void => {
        const distance = (4 * block + index) * stride;
        const isAhead = distance >= 0;
        code.storeLane32(i32.add(base, isAhead ? 0 : distance), stored, index, offsetBytes + (isAhead ? distance : 0));
      };
      const lanes = (): void => [0, 1, 2, 3].forEach((index) => (left && index > 0 ? code.if(i32.gtS(left, index), () => lane(index)) : lane(index)));
      if (this.lanes.axis === undefined || stride === 0) lane(0);
      else if (stride !== 4) lanes();
      else if (left) code.if(i32.geS(left, 4), () => code.store(base, stored, offsetBytes), lanes);
      else code.store(base, stored, offsetBytes + 16 * block);
    }
  }
}

/** All ones in lanes whose number is below `count`. */
export const lanesBelow = (count: I32): V128 => i32x4.gtS(i32x4.splat(count), i32x4.const(0, 1, 2, 3));
