import type { DType, HostArray } from "./dtype.ts";
import type { Shape } from "./shape.ts";

/** Elements as nested arrays; a scalar by itself. */
export type Nested = number | boolean | Nested[];

/** Row-major elements as nested arrays; bools as true and false. */
export function toNested(data: HostArray, shape: Shape, dtype: DType): Nested {
  const at = (axis: number, row: number): Nested => {
    const extent = shape[axis];
    if (extent === undefined) return dtype === "bool" ? data[row] !== 0 : data[row]!;
    return Array.from({ length: extent }, (_, index) => at(axis + 1, row * extent + index));
  };
  return at(0, 0);
}
