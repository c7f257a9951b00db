import { bytesOf, type Access } from "@multiway/tensor/device";
import { asI32, i32, type Code, type I32, type I32Operand, type Local } from "../assembler/index.ts";
import type { Nest, NestInstruction } from "./nest.ts";

/** An affine form that loops carry along in a variable: an address or an index. Strides are in bytes for addresses. */
export interface Cursor {
  strides: readonly number[];
  /** Undefined for an index. */
  buffer: number | undefined;
  /** Where the cursor stands when all indices are 0: bytes from the start of the buffer. */
  start: number;
}

/** A place in memory relative to a cursor. */
export interface Place {
  cursor: number;
  offsetBytes: number;
}

/**
 * The cursors of some bodies. Accesses that differ in their offset alone share one, unless they are guarded: behind a guard a cursor may stand outside of
 * memory, where constant offsets do not lead back.
 */
export class CursorTable {
  readonly cursors: Cursor[] = [];
  readonly #places = new Map<object, Place>();

  constructor(nest: Nest, bodies: readonly (readonly NestInstruction[])[], stores: Nest["stores"]) {
    const groups = new Map<string, { cursor: number; members: { owner: object; offset: number }[] }>();
    const add = (owner: object, access: Access, isGuarded: boolean): void => {
      const size = bytesOf(nest.dtypes[access.buffer]!);
      const strides = access.strides.map((stride) => stride * size);
      const key = `${access.buffer} ${strides.join()}${isGuarded ? ` ${access.offset}` : ""} ${isGuarded}`;
      let group = groups.get(key);
      if (!group) {
        group = { cursor: this.cursors.length, members: [] };
        groups.set(key, group);
        this.cursors.push({ strides, buffer: access.buffer, start: 0 });
      }
      group.members.push({ owner, offset: access.offset * size });
    };
    for (const store of stores) add(store, store.access, false);
    for (const instruction of bodies.flat()) {
      if (instruction.op === "load") add(instruction, instruction.access, instruction.guard !== undefined);
      if (instruction.op === "index") {
        this.#places.set(instruction, { cursor: this.cursors.length, offsetBytes: 0 });
        this.cursors.push({ strides: instruction.multipliers, buffer: undefined, start: 0 });
      }
    }
    for (const { cursor, members } of groups.values()) {
      const start = Math.min(...members.map((member) => member.offset));
      this.cursors[cursor]!.start = start;
      for (const { owner, offset } of members) this.#places.set(owner, { cursor, offsetBytes: offset - start });
    }
  }

  /** Where a load, a store or an index stands. */
  placeOf(owner: object): Place {
    return this.#places.get(owner)!;
  }

  /** Variables for cursors at index 0 of every axis. `bases` are the addresses of the buffers. */
  open(code: Code, bases: readonly Local<"i32">[]): CursorState {
    return new CursorState(
      this,
      this.cursors.map(({ buffer, start }) => code.let(buffer === undefined ? i32.const(0) : i32.add(bases[buffer]!, start))),
    );
  }
}

/** The variables in which cursors stand at some level of a nest. */
export class CursorState {
  readonly #table: CursorTable;
  readonly #locals: readonly Local<"i32">[];

  constructor(table: CursorTable, locals: readonly Local<"i32">[]) {
    this.#table = table;
    this.#locals = locals;
  }

  at(cursor: number): I32 {
    return this.#locals[cursor]!;
  }

  strideOf(cursor: number, axis: number | undefined): number {
    return axis === undefined ? 0 : this.#table.cursors[cursor]!.strides[axis]!;
  }

  placeOf(owner: object): Place {
    return this.#table.placeOf(owner);
  }

  /** Variables for a loop over `axis`: copies of those that the loop moves. */
  fork(code: Code, axis: number): CursorState {
    return new CursorState(
      this.#table,
      this.#locals.map((local, cursor) => (this.strideOf(cursor, axis) === 0 ? local : code.let(local))),
    );
  }

  /** Moves by so many elements along an axis. */
  advance(code: Code, axis: number, elements: I32Operand): void {
    this.#locals.forEach((local, cursor) => {
      const stride = this.strideOf(cursor, axis);
      if (stride !== 0) code.increase(local, i32.mul(elements, stride));
    });
  }

  /** One step along `axis`, and back from the end of the axis behind it. */
  carry(code: Code, axis: number, finished: number, finishedExtent: number): void {
    this.#locals.forEach((local, cursor) => {
      const amount = this.strideOf(cursor, axis) - finishedExtent * this.strideOf(cursor, finished);
      code.increase(local, asI32(amount));
    });
  }
}
