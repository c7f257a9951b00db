import type { PointwiseOp } from "../op.ts";
import { defineBinary, requireAlike, requireDType, widened } from "./define.ts";

/** x where the condition holds, else y. */
export const whereOp: PointwiseOp = {
  kind: "pointwise",
  name: "where",
  infer: ([condition, x, y]) => {
    requireDType("where", condition!, "bool", "condition");
    requireAlike("where", [condition!, x!, y!]);
    return [{ shape: x!.shape, dtype: widened(x!.dtype) }];
  },
  expression: (k, [condition, x, y]) => k.select(condition!, x!, y!),
  vjp: ({ inputs: [condition], gradients: [gy], wants }) => [
    undefined,
    wants(1) ? condition!.where(gy!, 0) : undefined,
    wants(2) ? condition!.where(0, gy!) : undefined,
  ],
};

/** The larger of two; NaN if either is. Equal values share the gradient, half each. */
export const maximumOp = defineBinary("maximum", {
  accepts: "number",
  expression: "maximum",
  vjp: ({ inputs: [x, y], gradients: [gy], wants }) => [
    wants(0) ? gy!.mul(share(x!.greater(y!), x!.equal(y!))) : undefined,
    wants(1) ? gy!.mul(share(y!.greater(x!), x!.equal(y!))) : undefined,
  ],
});

/** The smaller of two; NaN if either is. Equal values share the gradient, half each. */
export const minimumOp = defineBinary("minimum", {
  accepts: "number",
  expression: "minimum",
  vjp: ({ inputs: [x, y], gradients: [gy], wants }) => [
    wants(0) ? gy!.mul(share(x!.less(y!), x!.equal(y!))) : undefined,
    wants(1) ? gy!.mul(share(y!.less(x!), x!.equal(y!))) : undefined,
  ],
});

type Condition = Parameters<NonNullable<Exclude<PointwiseOp["vjp"], "none">>>[0]["inputs"][number];
const share = (wins: Condition, ties: Condition) => wins.where(1, ties.where(0.5, 0));
