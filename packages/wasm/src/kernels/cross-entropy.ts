import { bytesOf, type DType, type Layout } from "@multiway/tensor/device";
import { f32, f32x4, i32, i32x4, v128, type Code, type F32, type I32 } from "../assembler/index.ts";
import { eachVector, joinPartials, orZero, partials, readVector, storeVector } from "../blocks/row-vectors.ts";
import { loadElement } from "../blocks/widen.ts";
import { expOfNonPositive } from "../math/exp.ts";
import { log } from "../math/log.ts";
import { address, kernelFunction, phase, type OpImplementations } from "./kernel.ts";
import { eachRow } from "./layer-norm.ts";
import { dtypesKey, rowBytes, rowsPerTask } from "./row-operands.ts";

const lanes = 4;

const element = (code: Code, dtype: DType, at: I32): F32 => loadElement(code, at, Number(dtype === "f16"));

const crossEntropyFunction = (logits: Layout) =>
  kernelFunction({
    key: `crossEntropy.${logits.dtype}`,
    parameters: {
      logits: "i32", targets: "i32", loss: "i32", logSumExp: "i32", logitsRow: "i32", targetsRow: "i32", rows: "i32", classes: "i32", group: "i32",
      /** 1 − ε, ε / classes, and whether ε is not 0. */
      certainty: "f32", share: "f32", isSmoothed: "i32",
    },
    body(code, p) {
      eachRow(code, { ...p, rows: p.rows }, (row) => {
        const x = code.let(i32.add(p.logits, i32.mul(row, p.logitsRow)));
        const target = code.let(i32.load(i32.add(p.targets, i32.mul(row, p.targetsRow))));
        const largest = partials(code, lanes, -Infinity);
        eachVector(code, p.classes, lanes, (at, lane, tail) => {
          const value = readVector(code, logits.dtype, x, at);
          code.set(largest[lane]!, f32x4.pmax(largest[lane]!, tail ? v128.bitselect(value, f32x4.all(-Infinity), tail.mask) : value));
        });
        const shift = joinPartials(code, largest, "pmax");
        const sums = partials(code, lanes, 0);
        eachVector(code, p.classes, lanes, (at, lane, tail) => {
          const weight = expOfNonPositive(code, code.let(f32x4.sub(readVector(code, logits.dtype, x, at), shift)));
          code.set(sums[lane]!, f32x4.add(sums[lane]!, orZero(weight, tail)));
        });
        const logSumExp = code.let(f32x4.extractLane(f32x4.add(shift, log(code, joinPartials(code, sums, "add"))), 0));
        code.store(i32.add(p.logSumExp, i32.shl(row, 2)), logSumExp);
        const loss = code.let(f32.const(0));
        code.if(i32.geS(target, 0), () => {
          // A target outside the classes has no logit.
          const logit = code.let(f32.const(NaN));
          code.if(i32.ltS(target, p.classes), () => code.set(logit, element(code, logits.dtype, i32.add(x, i32.mul(target, bytesOf(logits.dtype))))));
          code.set(loss, f32.sub(logSumExp, f32.mul(p.certainty, logit)));
          code.if(p.isSmoothed, () => {
            const totals = partials(code, lanes, 0);
            eachVector(code, p.classes, lanes, (at, lane, tail) => code.set(totals[lane]!, f32x4.add(totals[lane]!, orZero(readVector(code, logits.dtype, x, at), tail))));
            code.set(loss, f32.sub(loss, f32.mul(p.share, f32x4.extractLane(joinPartials(code, totals, "add"), 0))));
          });
        });
        code.store(i32.add(p.loss, i32.shl(row, 2)), loss);
      });
    },
  });

const crossEntropyBackwardFunction = (inputs: readonly Layout[]) => {
  const [logits, , logSumExp, gradient] = inputs as [Layout, Layout, Layout, Layout];
  return kernelFunction({
    key: `crossEntropyBackward.${dtypesKey(inputs)}`,
    parameters: {
      logits: "i32", targets: "i32", logSumExp: "i32", gradient: "i32", dlogits: "i32",
      logitsRow: "i32", targetsRow: "i32", logSumExpRow: "i32", gradientRow: "i32", rows: "i32", classes: "i32", group: "i32", certainty: "f32", share: "f32",
    },
    body(code, p) {
      const share = code.let(f32x4.splat(p.share));
      const certainty = code.let(f32x4.splat(p.certainty));
      eachRow(code, { ...p, rows: p.rows }, (row) => {
        const x = code.let(i32.add(p.logits, i32.mul(row, p.logitsRow)));
        const dx = code.let(i32.add(p.dlogits, i32.shl(i32.mul(row, p.classes), 2)));
        const target = code.let(i32.load(i32.add(p.targets, i32.mul(row, p.targetsRow))));
        code.if(
          i32.ltS(target, 0),
          () => code.fill(dx, 0, i32.shl(p.classes, 2)),
          () => {
            const shift = code.let(f32x4.splat(element(code, logSumExp.dtype, i32.add(p.logSumExp, i32.mul(row, p.logSumExpRow)))));
            const scale = code.let(f32x4.splat(element(code, gradient.dtype, i32.add(p.gradient, i32.mul(row, p.gradientRow)))));
            // Counts down to the target: 0, 1, 2 or 3 where the vector at hand holds it.
            const distances = code.let(i32x4.sub(i32x4.splat(target), i32x4.const(0, 1, 2, 3)));
            eachVector(code, p.classes, 1, (at, _, tail) => {
              const probability = expOfNonPositive(code, code.let(f32x4.sub(readVector(code, logits.dtype, x, at), shift)));
              const isTarget = i32x4.eq(distances, i32x4.splat(i32.shrU(at, 2)));
              const wanted = f32x4.add(share, v128.and(certainty, isTarget));
              storeVector(code, dx, at, f32x4.mul(scale, f32x4.sub(probability, wanted)), tail);
            });
          },
        );
      });
    },
  });
};

/** What both kernels are told of the sizes. */
function sizes([rows, classes]: readonly [number, number], labelSmoothing: number) {
  const group = rowsPerTask(classes);
  return { rows, classes, group, certainty: 1 - labelSmoothing, share: labelSmoothing / classes, tasks: Math.ceil(rows / group) };
}

export const crossEntropy: OpImplementations = [
  {
    name: "crossEntropyRows",
    generate({ inputs, outputs, attributes }) {
      const [logits, targets] = inputs as [Layout, Layout];
      const labelSmoothing = Number(attributes.labelSmoothing);
      const { tasks, ...common } = sizes(logits.shape as [number, number], labelSmoothing);
      return {
        phases: [
          phase(crossEntropyFunction(logits), tasks, {
            ...common, logits: address(logits), targets: address(targets), loss: address(outputs[0]!), logSumExp: address(outputs[1]!),
            logitsRow: rowBytes(logits), targetsRow: rowBytes(targets), isSmoothed: Number(labelSmoothing !== 0),
          }),
        ],
      };
    },
  },
];

export const crossEntropyBackward: OpImplementations = [
  {
    name: "crossEntropyBackwardRows",
    generate({ inputs, outputs, attributes }) {
      const [logits, targets, logSumExp, gradient] = inputs as [Layout, Layout, Layout, Layout];
      const { tasks, ...common } = sizes(logits.shape as [number, number], Number(attributes.labelSmoothing));
      return {
        phases: [
          phase(crossEntropyBackwardFunction(inputs), tasks, {
            ...common, logits: address(logits), targets: address(targets), logSumExp: address(logSumExp), gradient: address(gradient), dlogits: address(outputs[0]!),
            logitsRow: rowBytes(logits), targetsRow: rowBytes(targets), logSumExpRow: rowBytes(logSumExp), gradientRow: rowBytes(gradient),
          }),
        ],
      };
    },
  },
];
