import type { RegisterType } from "@multiway/tensor/device";
import { v128, type Code, type Local } from "../assembler/index.ts";
import { BodyEmitter, lanesBelow, type ReducedValue } from "./block.ts";
import { accumulate, finalPosition, merge, mergeLanes, neutral, start, type Accumulator } from "./combine.ts";
import { CursorTable, type CursorState } from "./cursors.ts";
import { costOf, type Nest } from "./nest.ts";
import { forEachRow, type Row } from "./rows.ts";
import { unrollFor, vectorLoop } from "./vector-loop.ts";

const typeOfResult = (nest: Nest, result: number): RegisterType => nest.reductionBody[nest.results[result]!.value]!.type;

/** Positions are read from partial results, in which they need not increase. */
const joinsParts = (nest: Nest): boolean => nest.results.some(({ position }) => position !== undefined && nest.reductionBody[position]!.op === "load");

const startAll = (code: Code, nest: Nest): Accumulator[] => nest.results.map((result, index) => start(code, result, typeOfResult(nest, index)));

/** The values of a body's `reduced` instructions, from one accumulator per result and block. */
const reducedFrom =
  (accumulators: readonly (readonly Accumulator[])[]): ReducedValue =>
  (result, part, block) => {
    const accumulator = accumulators[block]![result]!;
    if (part === "value") return accumulator.value;
    return part === "position" ? finalPosition(accumulator.position!) : accumulator.position!;
  };

/** A reduction along its vector axis: several accumulators of four lanes each, joined at the end in a fixed order. Rows are all kept indices. */
export function emitReductionAlongVectors(
  code: Code, nest: Nest, vectorAxis: number, bases: readonly Local<"i32">[], firstRow: Local<"i32">, endRow: Local<"i32">,
): void {
  const table = new CursorTable(nest, [nest.reductionBody, nest.body], nest.stores);
  const numKept = nest.kept.length;
  const outerAxes = nest.reduced.map((_, axis) => numKept + axis).filter((axis) => axis !== vectorAxis);
  const isOrdered = vectorAxis === numKept + nest.reduced.length - 1 && !joinsParts(nest);
  const unroll = Math.max(1, unrollFor(costOf(nest.reductionBody)));
  forEachRow(code, nest, nest.kept.map((_, axis) => axis), table, bases, firstRow, endRow, (row) => {
    const accumulators = Array.from({ length: unroll }, () => startAll(code, nest));
    const outer = new BodyEmitter(code, nest, nest.reductionBody, { axis: vectorAxis, blocks: 1 });
    const take = (emitter: BodyEmitter, block: number, left?: Local<"i32">): void => {
      nest.results.forEach((result, index) => {
        const type = typeOfResult(nest, index);
        let value = emitter.value(result.value, block);
        if (left) value = code.let(v128.bitselect(value, neutral(result, type), lanesBelow(left)));
        const position = result.position === undefined ? undefined : emitter.value(result.position, block);
        const into = accumulators[block]![index]!;
        if (isOrdered || !position) accumulate(code, result, type, into, value, position);
        else merge(code, result, type, into, { value, position });
      });
    };
    overAxes(code, nest, outerAxes, [vectorAxis], outer, row, row.state, (state) => {
      vectorLoop(code, state, {
        axis: vectorAxis,
        count: row.count(nest.reduced[vectorAxis - numKept]!),
        unroll,
        whole(inner) {
          const emitter = outer.fork({ axis: vectorAxis, blocks: unroll });
          emitter.emitRest(inner);
          for (let block = 0; block < unroll; block++) take(emitter, block);
        },
        partial(inner, left) {
          const emitter = outer.fork({ axis: vectorAxis, blocks: 1, left });
          emitter.emitRest(inner);
          take(emitter, 0, left);
        },
      });
    });
    nest.results.forEach((result, index) => {
      const type = typeOfResult(nest, index);
      for (let distance = unroll / 2; distance >= 1; distance /= 2) {
        for (let block = 0; block < distance; block++) merge(code, result, type, accumulators[block]![index]!, accumulators[block + distance]![index]!);
      }
      mergeLanes(code, result, type, accumulators[0]![index]!);
    });
    finish(code, nest, { axis: undefined, blocks: 1 }, row.state, accumulators);
  });
}

/** A reduction across vectors: lanes are neighbouring results, each summed up in the order of the reduced axes. Rows are kept indices but that of the vector axis. */
export function emitReductionAcrossVectors(
  code: Code, nest: Nest, vectorAxis: number, bases: readonly Local<"i32">[], firstRow: Local<"i32">, endRow: Local<"i32">,
): void {
  const table = new CursorTable(nest, [nest.reductionBody, nest.body], nest.stores);
  const rowAxes = nest.kept.map((_, axis) => axis).filter((axis) => axis !== vectorAxis);
  const reducedAxes = nest.reduced.map((_, axis) => nest.kept.length + axis);
  const cost = costOf(nest.reductionBody) * nest.results.length;
  const unroll = cost <= 6 ? 8 : cost <= 16 ? 4 : cost <= 32 ? 2 : cost <= 64 ? 1 : 0;
  forEachRow(code, nest, rowAxes, table, bases, firstRow, endRow, (row) => {
    const columns = (state: CursorState, blocks: number, left?: Local<"i32">): void => {
      const lanes = { axis: vectorAxis, blocks, ...(left && { left }) };
      const accumulators = Array.from({ length: blocks }, () => startAll(code, nest));
      const outer = new BodyEmitter(code, nest, nest.reductionBody, lanes);
      overAxes(code, nest, reducedAxes, [], outer, row, state, (inner) => {
        const emitter = outer.fork(lanes);
        emitter.emitRest(inner);
        for (let block = 0; block < blocks; block++) {
          nest.results.forEach((result, index) => {
            const value = emitter.value(result.value, block);
            const into = accumulators[block]![index]!;
            if (result.position === undefined) return accumulate(code, result, typeOfResult(nest, index), into, value, undefined);
            const position = emitter.value(result.position, block);
            if (joinsParts(nest)) merge(code, result, typeOfResult(nest, index), into, { value, position });
            else accumulate(code, result, typeOfResult(nest, index), into, value, position);
          });
        }
      });
      finish(code, nest, lanes, state, accumulators);
    };
    vectorLoop(code, row.state, {
      axis: vectorAxis,
      count: row.count(nest.kept[vectorAxis]!),
      unroll,
      whole: (state) => columns(state, unroll),
      partial: (state, left) => columns(state, 1, left),
    });
  });
}

/** Loops over reduced axes; what does not change along a loop and those in it is emitted before it. */
function overAxes(
  code: Code, nest: Nest, axes: readonly number[], deeper: readonly number[], emitter: BodyEmitter, row: Row, state: CursorState, body: (state: CursorState) => void,
): void {
  emitter.emitInvariant(state, [...axes, ...deeper]);
  const axis = axes[0];
  if (axis === undefined) return body(state);
  const inner = state.fork(code, axis);
  code.repeat(row.count(nest.reduced[axis - nest.kept.length]!), () => {
    overAxes(code, nest, axes.slice(1), deeper, emitter, row, inner, body);
    inner.advance(code, axis, 1);
  });
}

/** What comes after the reduction, for the same lanes. */
function finish(code: Code, nest: Nest, lanes: BodyEmitter["lanes"], state: CursorState, accumulators: readonly (readonly Accumulator[])[]): void {
  const emitter = new BodyEmitter(code, nest, nest.body, lanes, reducedFrom(accumulators));
  emitter.emitRest(state);
  for (const store of nest.stores) emitter.store(state, store);
}
