import { DataError, formatShape, NumericError, ShapeError } from "@multiway/errors";

/** @throws ShapeError when two lists that belong together differ in length; DataError when they are empty */
export function checkPaired(caller: string, given: Readonly<Record<string, { readonly length: number }>>): number {
  const [[firstName, first] = ["items", []], ...others] = Object.entries(given);
  for (const [name, list] of others) {
    if (list.length !== first.length) {
      throw new ShapeError(`${caller}: ${first.length} ${firstName} and ${list.length} ${name} are given; expected as many of one as of the other, item by item.`, {
        details: { [firstName]: first.length, [name]: list.length },
      });
    }
  }
  if (first.length === 0) throw new DataError(`${caller}: no ${firstName} are given; expected at least one. A mean over nothing is not a score.`);
  return first.length;
}

/** @throws DataError for an item that is compared with nothing */
export function checkReferences(caller: string, references: readonly unknown[], item: number, name = "references"): void {
  if (references.length === 0) throw new DataError(`${caller}: item ${item} has no ${name}; expected at least one. Leave the item out, of both lists.`, { details: { item } });
}

/** @throws ShapeError when the elements are not rows × columns; NumericError when one of them is NaN */
export function checkMatrix(caller: string, name: string, values: ArrayLike<number>, rows: number, columns: number): void {
  if (values.length !== rows * columns) {
    throw new ShapeError(`${caller}: ${name} has ${values.length} elements; expected ${rows * columns}, for ${formatShape([rows, columns])}.`, { details: { length: values.length, rows, columns } });
  }
  for (let index = 0; index < values.length; index++) {
    if (Number.isNaN(values[index])) {
      const place = formatShape([Math.floor(index / columns), index % columns]);
      throw new NumericError(`${caller}: ${name} ${place} is NaN; expected numbers, of which the largest can be told. Look for NaN in the model's output.`, { details: { index } });
    }
  }
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
