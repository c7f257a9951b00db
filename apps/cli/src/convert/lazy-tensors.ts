import type { CheckpointReader, Elements, ElementType, LazyTensor } from "@multiway/checkpoint";
import type { Recipe } from "./timm-names.ts";

export type FloatType = "F32" | "F16" | "BF16";

const isFloat = (type: ElementType): boolean => ["F64", "F32", "F16", "BF16"].includes(type);

/** Tensors that are read and converted when their turn to be written comes. */
export function lazyTensors(reader: CheckpointReader, recipes: readonly Recipe[], dtype: FloatType | undefined): Record<string, LazyTensor> {
  return Object.fromEntries(
    recipes.map((recipe) => {
      const given = reader.entries.get(recipe.parts[0]!)!.type;
      const type = dtype !== undefined && isFloat(given) ? dtype : given;
      const read = async (part: string): Promise<Elements> => {
        const stored = await reader.read(part);
        return dtype === undefined ? stored.elements : stored.convert(dtype);
      };
      return [recipe.name, { type, shape: recipe.shape, read: () => cook(recipe, read) }];
    }),
  );
}

async function cook({ parts, rows = 0, third, shape }: Recipe, read: (part: string) => Promise<Elements>): Promise<Elements> {
  const first = await read(parts[0]!);
  const length = shape.reduce((product, extent) => product * extent, 1);
  if (third !== undefined) return first.slice(third * length, (third + 1) * length) as Elements;
  if (rows < 0) return first.slice(-length || first.length) as Elements;
  if (rows === 0 && parts.length === 1) return first;
  // All of one type, so the array of one holds the others.
  const result = new (first.constructor as new (length: number) => Exclude<Elements, BigInt64Array | BigUint64Array>)(length);
  let at = rows * (shape.at(-1) ?? 1);
  for (const [index, part] of parts.entries()) {
    const elements = (index === 0 ? first : await read(part)) as typeof result;
    result.set(elements, at);
    at += elements.length;
  }
  return result;
}
