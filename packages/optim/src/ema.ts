import { atPath, mapTree, Tensor } from "@multiway/tensor";

/** An exponential moving average of a model: `decay · average + (1 − decay) · model`, tensor by tensor. Integers are copied. */
export function updateAverage<M>(average: M, model: M, { decay = 0.9999 }: { decay?: number } = {}): M {
  return mapTree(average, (old, name) => {
    const fresh = atPath(model, name);
    if (!(fresh instanceof Tensor)) return old;
    return fresh.dtype === "f32" ? old.mul(decay).add(fresh.mul(1 - decay)) : fresh;
  });
}
