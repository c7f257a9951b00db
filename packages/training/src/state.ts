import { formatList, formatShape, TrainingError } from "@multiway/errors";
import { flatten, tensorsOf, Tensor } from "@multiway/tensor";

/** All tensors of a training state by their places, as a checkpoint keeps them. */
export function stateTensors(state: unknown): Record<string, Tensor> {
  return Object.fromEntries(tensorsOf(state).map(({ path, tensor }) => [path, tensor]));
}

/**
 * A state like the given one with its tensors taken from a checkpoint.
 *
 * @throws TrainingError naming everything that is missing or of another shape
 */
export function restoreState<S>(state: S, tensors: Readonly<Record<string, Tensor>>): S {
  const flat = flatten(state);
  const wrong = flat.leaves.flatMap((leaf, index) => {
    if (!(leaf instanceof Tensor)) return [];
    const path = flat.paths[index]!;
    const saved = tensors[path];
    if (!saved) return [`${path} is missing`];
    return saved.shape.join() === leaf.shape.join() ? [] : [`${path} is ${formatShape(saved.shape)}, expected ${formatShape(leaf.shape)}`];
  });
  if (wrong.length > 0) throw new TrainingError(`restoreState: the saved state does not fit this run: ${formatList(wrong)}. Resume with the options that the run began with.`, { details: { wrong } });
  return flat.rebuild(flat.leaves.map((leaf, index) => (leaf instanceof Tensor ? tensors[flat.paths[index]!]! : leaf))) as S;
}
