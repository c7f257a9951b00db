import { ByteWriter } from "./bytes.ts";
import type { FunctionReference } from "./module.ts";
import { f32x4 } from "./simd.ts";
import { i32 } from "./scalars.ts";
import { asI32, Local, opcode, typeByte, type I32Operand, type V128, type Value, type ValueType } from "./value.ts";

/** A place to branch to: the end of a block, or the start of a loop. */
export interface Label {
  readonly depth: number;
}

export interface Target {
  /** Use `relaxed_madd` where an exact product is not asked for. */
  relaxedSimd: boolean;
}

const storeCodes = { i32: [0x36, 2], i64: [0x37, 3], f32: [0x38, 2], f64: [0x39, 3], v128: [0xfd0b, 2] } as const;

/**
 * The body of a function under construction: statements, in order.
 *
 * ```ts
 * module.define("sum", ["i32", "i32"], ["f32"], (code, pointer, end) => {
 *   const sum = code.let(f32x4.all(0));
 *   code.while(i32.ltU(pointer, end), () => {
 *     code.set(sum, f32x4.add(sum, v128.load(pointer)));
 *     code.set(pointer, i32.add(pointer, 16));
 *   });
 *   code.return(f32x4.extractLane(sum, 0));
 * });
 * ```
 */
export class Code {
  readonly target: Target;
  readonly #out = new ByteWriter();
  readonly #localTypes: ValueType[] = [];
  readonly #numParameters: number;
  #depth = 0;

  constructor(target: Target, numParameters: number) {
    this.target = target;
    this.#numParameters = numParameters;
  }

  /** A new variable; starts as 0 on entry of the function, and keeps its value from round to round of a loop. */
  local<T extends ValueType>(type: T): Local<T> {
    this.#localTypes.push(type);
    return new Local(type, this.#numParameters + this.#localTypes.length - 1);
  }

  /** A new variable that holds `value` from here on. */
  let<T extends ValueType>(value: Value<T>): Local<T> {
    const local = this.local(value.type);
    this.set(local, value);
    return local;
  }

  set<T extends ValueType>(local: Local<T>, value: Value<T>): void {
    value.write(this.#out);
    this.#out.byte(0x21);
    this.#out.unsigned(local.index);
  }

  /** local += amount. */
  increase(local: Local<"i32">, amount: I32Operand): void {
    if (asI32(amount).constant !== 0) this.set(local, i32.add(local, amount));
  }

  /** Stores i32, i64, f32, f64 or v128 by the type of the value. */
  store(address: I32Operand, value: Value, offset = 0): void {
    const [code, alignment] = storeCodes[value.type];
    this.#store(code, alignment, address, value, offset);
  }

  storeLane32(address: I32Operand, vector: V128, lane: number, offset = 0): void {
    this.#store(0xfd5a, 2, address, vector, offset, lane);
  }

  storeLane16(address: I32Operand, vector: V128, lane: number, offset = 0): void {
    this.#store(0xfd59, 1, address, vector, offset, lane);
  }

  #store(code: number, alignment: number, address: I32Operand, value: Value, offset: number, lane?: number): void {
    asI32(address).write(this.#out);
    value.write(this.#out);
    opcode(this.#out, code);
    this.#out.unsigned(alignment);
    this.#out.unsigned(offset);
    if (lane !== undefined) this.#out.byte(lane);
  }

  /** memset. */
  fill(address: I32Operand, byte: I32Operand, numBytes: I32Operand): void {
    for (const operand of [address, byte, numBytes]) asI32(operand).write(this.#out);
    this.#out.bytes([0xfc, 11, 0]);
  }

  /** memmove. */
  copy(to: I32Operand, from: I32Operand, numBytes: I32Operand): void {
    for (const operand of [to, from, numBytes]) asI32(operand).write(this.#out);
    this.#out.bytes([0xfc, 10, 0, 0]);
  }

  /** Calls a function for its effects; results are dropped. */
  call(reference: FunctionReference, ...operands: readonly (Value | number)[]): void {
    reference.write(this.#out, operands);
    for (const _ of reference.results) this.#out.byte(0x1a);
  }

  /** Branching to the label leaves the block. */
  block(body: (exit: Label) => void): void {
    this.#open(0x02, body);
  }

  /** Branching to the label goes round again; falling off the end leaves. */
  loop(body: (again: Label) => void): void {
    this.#open(0x03, body);
  }

  if(condition: I32Operand, then: () => void, otherwise?: () => void): void {
    const test = asI32(condition);
    if (test.constant !== undefined) {
      if (test.constant !== 0) then();
      else otherwise?.();
      return;
    }
    test.write(this.#out);
    this.#out.bytes([0x04, 0x40]);
    this.#depth++;
    then();
    if (otherwise) {
      this.#out.byte(0x05);
      otherwise();
    }
    this.#depth--;
    this.#out.byte(0x0b);
  }

  /** Tests, then runs the body, as long as the condition holds. */
  while(condition: I32Operand, body: () => void): void {
    this.if(condition, () => {
      this.loop((again) => {
        body();
        this.branchIf(again, condition);
      });
    });
  }

  /** for (counter = from; counter < below; counter += step), signed. The bound is read anew each round. */
  for(counter: Local<"i32">, from: I32Operand, below: I32Operand, step: I32Operand, body: () => void): void {
    this.set(counter, asI32(from));
    this.while(i32.ltS(counter, below), () => {
      body();
      this.increase(counter, step);
    });
  }

  /** Runs the body `times` times, which is counted down in a variable of its own. */
  repeat(times: I32Operand, body: () => void): void {
    const fixed = asI32(times).constant;
    if (fixed !== undefined && fixed <= 0) return;
    if (fixed === 1) return body();
    const left = this.let(asI32(times));
    const round = (again: Label): void => {
      body();
      this.set(left, i32.sub(left, 1));
      this.branchIf(again, left);
    };
    if (fixed !== undefined) this.loop(round);
    else this.if(i32.gtS(left, 0), () => this.loop(round));
  }

  branch(label: Label): void {
    this.#out.byte(0x0c);
    this.#out.unsigned(this.#depth - label.depth);
  }

  branchIf(label: Label, condition: I32Operand): void {
    asI32(condition).write(this.#out);
    this.#out.byte(0x0d);
    this.#out.unsigned(this.#depth - label.depth);
  }

  return(value?: Value): void {
    value?.write(this.#out);
    this.#out.byte(0x0f);
  }

  /** a · b + sum in every f32 lane: fused where the target has relaxed SIMD, else rounded twice. */
  fusedMultiplyAdd(a: V128, b: V128, sum: V128): V128 {
    return fusedMultiplyAdd(this.target, a, b, sum);
  }

  #open(code: number, body: (label: Label) => void): void {
    this.#out.bytes([code, 0x40]);
    this.#depth++;
    body({ depth: this.#depth });
    this.#depth--;
    this.#out.byte(0x0b);
  }

  /** Local declarations, code and the closing `end`. */
  finish(): ByteWriter {
    const body = new ByteWriter();
    const runs: [count: number, type: ValueType][] = [];
    for (const type of this.#localTypes) {
      const last = runs.at(-1);
      if (last?.[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    body.unsigned(runs.length);
    for (const [count, type] of runs) {
      body.unsigned(count);
      body.byte(typeByte[type]);
    }
    body.bytes(this.#out.view());
    body.byte(0x0b);
    return body;
  }
}

/** a · b + sum in every f32 lane: fused where the target has relaxed SIMD, else rounded twice. */
export function fusedMultiplyAdd(target: Target, a: V128, b: V128, sum: V128): V128 {
  return target.relaxedSimd ? f32x4.relaxedMadd(a, b, sum) : f32x4.add(f32x4.mul(a, b), sum);
}
