import { f32, f32x4, i32, v128, type Code, type I32, type Local } from "../assembler/index.ts";
import { multiplyBlock } from "../blocks/multiply.ts";
import { packColumns, packRows } from "../blocks/pack.ts";
import { joinPartials } from "../blocks/row-vectors.ts";
import { expOfNonPositive } from "../math/exp.ts";
import { log } from "../math/log.ts";
import { float, headAddress, joinSegments, storeRows, useRows, word, type Values } from "./attention-operands.ts";
import { attentionParameters, biasRow, eachPair, lastKeysMasks, scoreOf } from "./attention-scores.ts";
import { kernelFunction, type KernelFunction } from "./kernel.ts";

/** Where the parts of a thread's scratch memory begin. */
export const attentionScratch = ["kRows", "vRows", "kPanels", "vPanels", "qRows", "scores", "outRows", "sums", "shifts", "gathered"] as const;

/**
 * Attention of some queries of one head: a task.
 *
 * Keys and values are packed once per task. Then, for a block of queries at a time: scores = q · kᵀ, in scratch; softmax without its division; times v; division by
 * the sums on the way out. A row of scores has room for a multiple of eight keys.
 */
export function attentionFunction(segments: number, direct: boolean): KernelFunction {
  return kernelFunction({
    key: `attention.${segments}.${direct ? "direct" : "copied"}`,
    parameters: {
      ...attentionParameters(segments),
      ...Object.fromEntries(attentionScratch.map((name) => [name, "i32" as const])),
      out: "i32", logSumExp: "i32", splits: "i32", queriesPerTask: "i32", queryBlock: "i32",
    },
    body(code, all, module) {
      const values = all as unknown as Values;
      const [heads, queries, keys, headDim, splits, queryBlock] = ["heads", "queries", "keys", "headDim", "splits", "queryBlock"].map((name) => word(values, name)) as [
        Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">,
      ];
      const { scratch, firstTask, endTask } = all;
      const part = Object.fromEntries(attentionScratch.map((name) => [name, code.let(i32.add(scratch, word(values, name)))])) as Record<(typeof attentionScratch)[number], Local<"i32">>;
      const rowBytes = code.let(i32.shl(i32.and(i32.add(keys, 7), -8), 2));
      const outRowBytes = code.let(i32.shl(i32.and(i32.add(headDim, 7), -8), 2));
      const outStride = code.let(i32.shl(i32.mul(heads, headDim), 2));
      const masks = lastKeysMasks(code, keys);
      const scale = code.let(f32x4.splat(float(values, "scale")));
      const task = code.local("i32");
      const query = code.local("i32");
      code.for(task, firstTask, endTask, 1, () => {
        const pair = code.let(i32.divU(task, splits));
        const batch = code.let(i32.divU(pair, heads));
        const head = code.let(i32.remU(pair, heads));
        const k = joinSegments(code, module, direct, segments, values, "k", batch, head, headDim, part.kRows);
        packColumns(code, module, { from: k.from, stride: k.stride, k: headDim, columns: keys, to: part.kPanels, panelBytes: i32.shl(headDim, 5) });
        const v = joinSegments(code, module, direct, segments, values, "v", batch, head, headDim, part.vRows);
        packRows(code, module, 8, { from: v.from, stride: v.stride, k: keys, columns: headDim, to: part.vPanels, panelBytes: i32.shl(keys, 5) });

        const q = headAddress(code, values, "q", batch, head);
        const firstQuery = code.let(i32.mul(i32.remU(task, splits), word(values, "queriesPerTask")));
        const endQuery = code.let(i32.minS(queries, code.let(i32.add(firstQuery, word(values, "queriesPerTask")))));
        code.for(query, firstQuery, endQuery, queryBlock, () => {
          const rows = code.let(i32.minS(queryBlock, code.let(i32.sub(endQuery, query))));
          const a = useRows(code, module, direct, values, "q", q, query, rows, headDim, part.qRows);
          const toScratch = { accumulate: 0, edge: scratch, wholeTiles: 1, rows, strideB: 32 };
          multiplyBlock(code, module, "rows", {
            ...toScratch, a: a.from, strideA: a.stride, b: part.kPanels, panelB: i32.shl(headDim, 5), k: headDim, c: part.scores, strideC: rowBytes, columns: keys,
          });
          softmaxRows(code, values, { batch, head, query, rows, rowBytes, part, masks, scale });
          multiplyBlock(code, module, "rows", {
            ...toScratch, a: part.scores, strideA: rowBytes, b: part.vPanels, panelB: i32.shl(keys, 5), k: keys, c: part.outRows, strideC: outRowBytes, columns: headDim,
          });
          const out = i32.add(word(values, "out"), i32.add(i32.mul(i32.add(i32.mul(batch, queries), query), outStride), i32.shl(i32.mul(head, headDim), 2)));
          storeRows(code, rows, part.outRows, outRowBytes, out, outStride, headDim, (row) => {
            const factor = code.let(f32.load(i32.add(part.sums, i32.shl(row, 2))));
            const vector = code.let(f32x4.splat(factor));
            return (source, target, isVector) => code.store(target, isVector ? f32x4.mul(v128.load(source), vector) : f32.mul(f32.load(source), factor));
          });
        });
      });
    },
  }) as unknown as KernelFunction;
}

interface SoftmaxOperands {
  batch: I32;
  head: I32;
  query: I32;
  rows: I32;
  rowBytes: I32;
  part: Record<(typeof attentionScratch)[number], Local<"i32">>;
  masks: readonly [Local<"v128">, Local<"v128">];
  scale: Local<"v128">;
}

/** exp(score − largest) in place; the logarithm of the sum of each row, and, in scratch, its reciprocal. */
function softmaxRows(code: Code, values: Values, { batch, head, query, rows, rowBytes, part, masks, scale }: SoftmaxOperands): void {
  const row = code.local("i32");
  const largest = [code.local("v128"), code.local("v128")] as const;
  const sums = [code.local("v128"), code.local("v128")] as const;
  const logSumExp = code.let(i32.add(word(values, "logSumExp"), i32.shl(i32.add(i32.mul(i32.add(i32.mul(batch, word(values, "heads")), head), word(values, "queries")), query), 2)));
  const scores = code.let(part.scores);
  code.for(row, 0, rows, 1, () => {
    for (const half of largest) code.set(half, f32x4.all(-Infinity));
    for (const half of sums) code.set(half, f32x4.all(0));
    const bias = biasRow(code, values, batch, head, i32.add(query, row), part.gathered);
    const findLargest = (hasBias: boolean): void =>
      eachPair(code, scores, rowBytes, (address, offset, isLast) => {
        for (const half of [0, 1] as const) {
          const score = code.let(scoreOf(code, v128.load(address, 16 * half), scale, hasBias ? v128.load(i32.add(bias, offset), 16 * half) : undefined));
          if (isLast) code.set(score, v128.bitselect(score, f32x4.all(-Infinity), masks[half]));
          code.store(address, score, 16 * half);
          code.set(largest[half], f32x4.pmax(largest[half], score));
        }
      });
    code.if(i32.gtS(rowBytes, 0), () => {
      code.if(word(values, "hasBias"), () => findLargest(true), () => findLargest(false));
      const shift = joinPartials(code, largest, "pmax");
      const offset = code.local("i32");
      code.for(offset, 0, rowBytes, 32, () => {
        const address = code.let(i32.add(scores, offset));
        for (const half of [0, 1] as const) {
          const weight = expOfNonPositive(code, code.let(f32x4.sub(v128.load(address, 16 * half), shift)));
          code.store(address, weight, 16 * half);
          code.set(sums[half], f32x4.add(sums[half], weight));
        }
      });
      code.set(largest[0], shift);
    });
    const sum = joinPartials(code, sums, "add");
    const place = code.let(i32.shl(row, 2));
    code.store(i32.add(part.sums, place), f32x4.extractLane(sum, 0));
    code.store(i32.add(part.shifts, place), f32x4.extractLane(largest[0], 0));
    code.increase(scores, rowBytes);
  });
  // Four rows at once; scratch holds a multiple of four.
  const endRows = code.let(i32.shl(rows, 2));
  code.for(row, 0, endRows, 16, () => {
    const sums = code.let(v128.load(i32.add(part.sums, row)));
    const shifts = i32.add(part.shifts, row);
    code.store(shifts, f32x4.add(v128.load(shifts), log(code, sums)));
    code.store(i32.add(part.sums, row), f32x4.div(f32x4.all(1), sums));
  });
  code.copy(logSumExp, part.shifts, endRows);
}
