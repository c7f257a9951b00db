import { saveCheckpoint, type LazyTensor } from "./index.ts";

/** Each element follows from tensor and place, so that nobody has to keep them. */
export function elementsOf(seed: number, length: number): Float32Array {
  const words = new Uint32Array(length);
  // Between 1 and 2, in either sign.
  for (let i = 0, state = Math.imul(seed + 1, 0x9e3779b1); i < length; i++) words[i] = ((state = (Math.imul(state, 1664525) + 1013904223) | 0) & 0x807fffff) | 0x3f800000;
  return new Float32Array(words.buffer);
}

/** Tensors like those of a base model for retrieval, a word table of more than a fifth of all first, of so many bytes in all. */
export function largeTensors(sizeBytes: number): Record<string, LazyTensor> {
  const shapes: [string, number[]][] = [["text_embed.weight", [Math.round((sizeBytes * 0.22) / (4 * 768)), 768]]];
  let left = sizeBytes - 4 * 768 * shapes[0]![1][0]!;
  for (let layer = 0; left > 0; layer++) {
    for (const [name, rows, columns] of [["fc1", 3072, 768], ["fc2", 768, 3072], ["q_proj", 768, 768], ["k_proj", 768, 768]] as const) {
      for (const branch of ["A", "B"]) {
        if (left <= 0) break;
        shapes.push([`encoder.layers.${layer}.${name}.${branch}.weight`, [rows, columns]]);
        left -= 4 * rows * columns;
      }
    }
  }
  return Object.fromEntries(shapes.map(([name, shape], seed) => [name, { shape, type: "F32", read: async () => elementsOf(seed, shape[0]! * shape[1]!) }]));
}

export const saveLarge = (path: string, sizeBytes: number): Promise<void> => saveCheckpoint(path, largeTensors(sizeBytes));
