import { f32, f32x4, i32, v128, type Code, type F32, type I32, type Local } from "../assembler/index.ts";
import { multiplyBlock } from "../blocks/multiply.ts";
import { packColumns, packRows } from "../blocks/pack.ts";
import { joinPartials } from "../blocks/row-vectors.ts";
import { expOfNonPositive } from "../math/exp.ts";
import { float, headAddress, headParameters, joinSegments, storeRows, useRows, word, type Rows, type Values } from "./attention-operands.ts";
import { attentionParameters, biasRow, eachPair, scoreOf } from "./attention-scores.ts";
import { kernelFunction, type KernelFunction } from "./kernel.ts";

/** Where the parts of a thread's scratch memory begin. */
export const backwardScratch = [
  "kRows", "vRows", "kColumns", "vColumns", "kPanels", "qRows", "outRows", "gradientRows", "qPanels", "gradientPanels", "weights", "slopes", "dqRows", "dkRows", "dvRows", "gathered",
] as const;
type Part = Record<(typeof backwardScratch)[number], Local<"i32">>;

/**
 * The gradient of attention for one head: a task. Nothing is summed across tasks.
 *
 * For a block of queries at a time: weights p = exp(scores − logSumExp) and slopes ds = p · (dout·vᵀ − dout·out), in scratch; then dq = ds · k, and
 * dk += dsᵀ · q, dv += pᵀ · dout in scratch, scaled and copied out at the end. What lies past the last key in a row of weights is never used.
 */
export function attentionBackwardFunction(segments: number, direct: boolean): KernelFunction {
  return kernelFunction({
    key: `attentionBackward.${segments}.${direct ? "direct" : "copied"}`,
    parameters: {
      ...attentionParameters(segments),
      ...headParameters("out"), ...headParameters("gradient"),
      ...Object.fromEntries(backwardScratch.map((name) => [name, "i32" as const])),
      ...Object.fromEntries(Array.from({ length: segments }, (_, segment) => [[`dk${segment}`, "i32" as const], [`dv${segment}`, "i32" as const]]).flat()),
      logSumExp: "i32", logSumExpBatch: "i32", logSumExpHead: "i32", logSumExpRow: "i32", dq: "i32", dbias: "i32", biasGradient: "i32", queryBlock: "i32",
    },
    body(code, all, module) {
      const values = all as unknown as Values;
      const [heads, queries, keys, headDim, queryBlock] = ["heads", "queries", "keys", "headDim", "queryBlock"].map((name) => word(values, name)) as [
        Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">,
      ];
      const { scratch, firstTask, endTask } = all;
      const part = Object.fromEntries(backwardScratch.map((name) => [name, code.let(i32.add(scratch, word(values, name)))])) as Part;
      const paddedKeys = code.let(i32.and(i32.add(keys, 7), -8));
      const rowBytes = code.let(i32.shl(paddedKeys, 2));
      const dimBytes = code.let(i32.shl(i32.and(i32.add(headDim, 7), -8), 2));
      const stride = code.let(i32.shl(i32.mul(heads, headDim), 2));
      const scale = code.let(f32x4.splat(float(values, "scale")));
      const task = code.local("i32");
      const query = code.local("i32");
      const common = { edge: scratch, wholeTiles: 1, strideB: 32 };
      const columnPanels = { k: headDim, columns: keys, panelBytes: i32.shl(headDim, 5) };
      code.for(task, firstTask, endTask, 1, () => {
        const batch = code.let(i32.divU(task, heads));
        const head = code.let(i32.remU(task, heads));
        const k = joinSegments(code, module, direct, segments, values, "k", batch, head, headDim, part.kRows);
        const v = joinSegments(code, module, direct, segments, values, "v", batch, head, headDim, part.vRows);
        packColumns(code, module, { from: k.from, stride: k.stride, to: part.kColumns, ...columnPanels });
        packColumns(code, module, { from: v.from, stride: v.stride, to: part.vColumns, ...columnPanels });
        packRows(code, module, 8, { from: k.from, stride: k.stride, k: keys, columns: headDim, to: part.kPanels, panelBytes: i32.shl(keys, 5) });
        // Products of no query: zeros, for when there is none.
        code.fill(part.dkRows, 0, i32.mul(paddedKeys, dimBytes));
        code.fill(part.dvRows, 0, i32.mul(paddedKeys, dimBytes));
        const q = headAddress(code, values, "q", batch, head);
        const out = headAddress(code, values, "out", batch, head);
        const gradient = headAddress(code, values, "gradient", batch, head);

        code.for(query, 0, queries, queryBlock, () => {
          const rows = code.let(i32.minS(queryBlock, code.let(i32.sub(queries, query))));
          const qRows = useRows(code, module, direct, values, "q", q, query, rows, headDim, part.qRows);
          const outRows = useRows(code, module, direct, values, "out", out, query, rows, headDim, part.outRows);
          const gradientRows = useRows(code, module, direct, values, "gradient", gradient, query, rows, headDim, part.gradientRows);
          const byRows = { ...common, accumulate: 0, rows };
          const toScores = { ...byRows, panelB: i32.shl(headDim, 5), k: headDim, strideC: rowBytes, columns: keys };
          multiplyBlock(code, module, "rows", { ...toScores, a: qRows.from, strideA: qRows.stride, b: part.kColumns, c: part.weights });
          multiplyBlock(code, module, "rows", { ...toScores, a: gradientRows.from, strideA: gradientRows.stride, b: part.vColumns, c: part.slopes });
          slopeRows(code, values, { batch, head, query, rows, rowBytes, headDim, part, scale, outRows, gradientRows });

          multiplyBlock(code, module, "rows", {
            ...byRows, a: part.slopes, strideA: rowBytes, b: part.kPanels, panelB: i32.shl(keys, 5), k: keys, c: part.dqRows, strideC: dimBytes, columns: headDim,
          });
          const dq = i32.add(word(values, "dq"), i32.add(i32.mul(i32.add(i32.mul(batch, queries), query), stride), i32.shl(i32.mul(head, headDim), 2)));
          storeScaled(code, rows, part.dqRows, dimBytes, dq, stride, headDim, float(values, "scale"));

          for (const [from, to, left, sum] of [
            [gradientRows, part.gradientPanels, part.weights, part.dvRows],
            [qRows, part.qPanels, part.slopes, part.dkRows],
          ] as const) {
            packRows(code, module, 8, { from: from.from, stride: from.stride, k: rows, columns: headDim, to, panelBytes: i32.shl(rows, 5) });
            multiplyBlock(code, module, "columns", {
              ...common, a: left, strideA: rowBytes, tileA: 16, b: to, panelB: i32.shl(rows, 5), k: rows, c: sum, strideC: dimBytes, rows: paddedKeys, columns: headDim,
              accumulate: i32.gtS(query, 0),
            });
          }
        });

        const key = code.let(i32.const(0));
        for (let segment = 0; segment < segments; segment++) {
          const count = word(values, `keys${segment}`);
          const target = code.let(i32.add(i32.mul(i32.mul(batch, count), stride), i32.shl(i32.mul(head, headDim), 2)));
          const offset = code.let(i32.mul(key, dimBytes));
          storeScaled(code, count, i32.add(part.dkRows, offset), dimBytes, i32.add(word(values, `dk${segment}`), target), stride, headDim, float(values, "scale"));
          storeScaled(code, count, i32.add(part.dvRows, offset), dimBytes, i32.add(word(values, `dv${segment}`), target), stride, headDim, f32.const(1));
          code.set(key, i32.add(key, count));
        }
      });
    },
  }) as unknown as KernelFunction;
}

function storeScaled(code: Code, rows: I32, from: I32, strideFrom: I32, to: I32, strideTo: I32, headDim: I32, factor: F32): void {
  const vector = code.let(f32x4.splat(factor));
  storeRows(code, rows, from, strideFrom, to, strideTo, headDim, () => (source, target, isVector) =>
    code.store(target, isVector ? f32x4.mul(v128.load(source), vector) : f32.mul(f32.load(source), factor)),
  );
}

interface SlopeOperands {
  batch: I32;
  head: I32;
  query: I32;
  rows: I32;
  rowBytes: I32;
  headDim: I32;
  part: Part;
  scale: Local<"v128">;
  outRows: Rows;
  gradientRows: Rows;
}

/** Products q·k become weights, products dout·v slopes, both in place; slopes are the gradient of the bias, too. */
function slopeRows(code: Code, values: Values, { batch, head, query, rows, rowBytes, headDim, part, scale, outRows, gradientRows }: SlopeOperands): void {
  const row = code.local("i32");
  const weights = code.let(part.weights);
  const slopes = code.let(part.slopes);
  const out = code.let(outRows.from);
  const gradient = code.let(gradientRows.from);
  const keyBytes = code.let(i32.shl(word(values, "keys"), 2));
  const dbias = code.let(i32.add(word(values, "dbias"), i32.mul(i32.add(i32.mul(i32.add(i32.mul(batch, word(values, "heads")), head), word(values, "queries")), query), keyBytes)));
  const logSumExp = code.let(i32.add(i32.add(word(values, "logSumExp"), i32.mul(query, word(values, "logSumExpRow"))), i32.add(i32.mul(batch, word(values, "logSumExpBatch")), i32.mul(head, word(values, "logSumExpHead")))));
  code.for(row, 0, rows, 1, () => {
    const shift = code.let(v128.load32Splat(logSumExp));
    const outProduct = code.let(f32x4.splat(dot(code, out, gradient, headDim)));
    const bias = biasRow(code, values, batch, head, i32.add(query, row), part.gathered);
    const differentiate = (hasBias: boolean): void =>
      eachPair(code, weights, rowBytes, (address, offset) => {
        for (const half of [0, 1]) {
          const score = scoreOf(code, v128.load(address, 16 * half), scale, hasBias ? v128.load(i32.add(bias, offset), 16 * half) : undefined);
          const weight = expOfNonPositive(code, code.let(f32x4.sub(score, shift)));
          code.store(address, weight, 16 * half);
          const slope = i32.add(slopes, offset);
          code.store(slope, f32x4.mul(weight, f32x4.sub(v128.load(slope, 16 * half), outProduct)), 16 * half);
        }
      });
    code.if(i32.gtS(rowBytes, 0), () => code.if(word(values, "hasBias"), () => differentiate(true), () => differentiate(false)));
    code.if(word(values, "biasGradient"), () => {
      code.copy(dbias, slopes, keyBytes);
      code.increase(dbias, keyBytes);
    });
    code.increase(logSumExp, word(values, "logSumExpRow"));
    code.increase(out, outRows.stride);
    code.increase(gradient, gradientRows.stride);
    code.increase(weights, rowBytes);
    code.increase(slopes, rowBytes);
  });
}

/** Σ x · y over `count` numbers. */
function dot(code: Code, x: I32, y: I32, count: I32): Local<"f32"> {
  const sums = code.let(f32x4.all(0));
  const at = code.local("i32");
  code.for(at, 0, i32.shl(i32.and(count, -4), 2), 16, () => code.set(sums, code.fusedMultiplyAdd(v128.load(i32.add(x, at)), v128.load(i32.add(y, at)), sums)));
  const sum = code.let(f32x4.extractLane(joinPartials(code, [sums], "add"), 0));
  code.while(i32.ltS(at, i32.shl(count, 2)), () => {
    code.set(sum, f32.add(sum, f32.mul(f32.load(i32.add(x, at)), f32.load(i32.add(y, at)))));
    code.increase(at, 4);
  });
  return sum;
}
