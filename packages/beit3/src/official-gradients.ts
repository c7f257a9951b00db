import type { Module } from "@multiway/nn";
import { atPath, mapTree, Tensor, zerosLike } from "@multiway/tensor";
import type { Modality } from "@multiway/transformer";

const textParts = /(^|\.)(textEmbedding|language)\./;
const pictureParts = /(^|\.)(visionEmbedding|vision)\./;

/**
 * Gradients with zeros where the official code has zeros and we have none: what the last layer makes of tokens that no head reads. AdamW's decay acts on those too.
 *
 * What the call does not read at all (the mask vector, a modality that is not there) stays without a gradient, and is not decayed.
 */
export function officialGradients<M extends Module>(model: M, gradients: M, reads: readonly Modality[]): M {
  const isRead = (name: string): boolean =>
    !name.endsWith("visionEmbedding.maskToken") && (reads.includes("language") || !textParts.test(name)) && (reads.includes("vision") || !pictureParts.test(name));
  return mapTree(model, (parameter, name) => {
    const gradient = atPath(gradients, name);
    if (gradient instanceof Tensor) return gradient;
    return isRead(name) ? zerosLike(parameter) : (undefined as unknown as Tensor);
  });
}
