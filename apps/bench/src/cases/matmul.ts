import type { BenchCase } from "../bench-case.ts";
import { uniform } from "../inputs.ts";
import { OnnxModel } from "../onnx/model.ts";
import type { TfTensor } from "../targets/tfjs.ts";

interface Shape {
  /** Products side by side, none of whose operands is a weight. */
  batch?: number;
  m: number;
  k: number;
  n: number;
}

/** n: as it is; t: stored with its two axes exchanged. Left operand first. */
type Layout = "nn" | "nt" | "tn" | "tt";

/** C = A · B in f32. A is an input; B is a weight that every library may lay out as it likes beforehand, except in a batch. */
export function matmulCase(name: string, { batch, m, k, n }: Shape, layout: Layout): BenchCase {
  const [isATransposed, isBTransposed] = [layout[0] === "t", layout[1] === "t"];
  const front = batch === undefined ? [] : [batch];
  const shapeA = [...front, ...(isATransposed ? [k, m] : [m, k])];
  const shapeB = [...front, ...(isBTransposed ? [n, k] : [k, n])];
  const valuesA = () => uniform(1, (batch ?? 1) * m * k);
  const valuesB = () => uniform(2, (batch ?? 1) * k * n);
  const letters = `${isATransposed ? "Aᵀ" : "A"}·${isBTransposed ? "Bᵀ" : "B"}`;

  return {
    name,
    does: `${letters} of ${batch === undefined ? "" : `${batch} × `}${m}×${k} and ${k}×${n}`,
    // One multiplication and one addition for each of m · n · k terms.
    flops: 2 * (batch ?? 1) * m * k * n,
    tolerance: 1e-4,
    async multiway(device) {
      const { compile } = await import("@multiway/tensor");
      const product = compile((x: typeof a, y: typeof b) => (isATransposed ? x.transpose() : x).matmul(isBTransposed ? y.transpose() : y), { name: "matmul" });
      const a = device.tensor(valuesA(), { shape: shapeA });
      const b = device.tensor(valuesB(), { shape: shapeB });
      return async () => {
        using c = product(a, b);
        return [await c.data()];
      };
    },
    onnx() {
      const model = new OnnxModel();
      const a = model.input(valuesA(), shapeA);
      const b = batch === undefined ? model.constant(valuesB(), shapeB) : model.input(valuesB(), shapeB);
      const product = layout === "nn" ? model.node("MatMul", [a, b]) : model.node("Gemm", [a, b], { transA: Number(isATransposed), transB: Number(isBTransposed) });
      return model.finish(product, [...front, m, n]);
    },
    tfjs(tf) {
      const a = tf.tensor(valuesA(), shapeA);
      const b = tf.tensor(valuesB(), shapeB);
      // Exchanged first: its product of transposed operands is many times slower than that and a plain product.
      const exchange = [...front.keys(), front.length + 1, front.length];
      const plain = (x: TfTensor, isTransposed: boolean): TfTensor => (isTransposed ? tf.transpose(x, exchange) : x);
      return async () => {
        const c = tf.tidy(() => tf.matMul(plain(a, isATransposed), plain(b, isBTransposed)));
        const values = await c.data();
        c.dispose();
        return [values];
      };
    },
    jaxJs({ numpy: np, jit }) {
      const product = jit((x: typeof a, y: typeof b) => np.matmul(isATransposed ? x.transpose() : x, isBTransposed ? y.transpose() : y));
      const a = np.array(valuesA(), { shape: shapeA });
      const b = np.array(valuesB(), { shape: shapeB });
      return async () => [await product(a.ref, b.ref).data()];
    },
    pytorch: { kind: "matmul", shapeA, shapeB, isATransposed, isBTransposed },
  };
}

const shapes: readonly (readonly [name: string, shape: Shape])[] = [
  ["matmul-768x768x3072", { m: 768, k: 768, n: 3072 }],
  ["matmul-197x768x768", { m: 197, k: 768, n: 768 }],
  ["matmul-1024", { m: 1024, k: 1024, n: 1024 }],
];

export const matmulCases: readonly BenchCase[] = [
  ...shapes.flatMap(([name, shape]) => (["nn", "nt", "tn", "tt"] as const).map((layout) => matmulCase(layout === "nn" ? name : `${name}-${layout}`, shape, layout))),
  // The scores of twelve heads would be -nt; this is the product alone.
  matmulCase("matmul-batched", { batch: 12, m: 197, k: 64, n: 197 }, "nn"),
];
