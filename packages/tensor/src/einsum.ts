import { formatShape, ShapeError } from "@multiway/errors";
import type { Tensor } from "./tensor.ts";

/**
 * Sums of products by index letters, as in NumPy: `einsum("bqd,bkd->bqk", q, k)`.
 *
 * Without `->` the result's letters are those that occur once, in alphabetical order. A letter twice in one input takes a diagonal, which is not
 * supported. Operands are joined from left to right, two at a time, by one matrix product each.
 *
 * @throws ShapeError when letters and axes, or two extents of one letter, do not fit
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const [left, right] = equation.replace(/\s/g, "").split("->") as [string, string?];
  const inputs = left.split(",");
  const problem = (what: string) => new ShapeError(`einsum: "${equation}" with ${operands.map((x) => formatShape(x.shape)).join(", ")}: ${what}.`, { details: { equation, shapes: operands.map((x) => x.shape) } });
  if (inputs.length !== operands.length) throw problem(`the equation names ${inputs.length} inputs, ${operands.length} were given`);
  if (!/^[a-zA-Z,]*$/.test(left) || (right !== undefined && !/^[a-zA-Z]*$/.test(right))) throw problem("expected letters, commas and one arrow");
  const extents = new Map<string, number>();
  inputs.forEach((letters, position) => {
    const { shape } = operands[position]!;
    if (letters.length !== shape.length) throw problem(`input ${position} has ${shape.length} axes for the letters "${letters}"`);
    if (new Set(letters).size !== letters.length) throw problem(`"${letters}" names a letter twice; diagonals are not supported`);
    [...letters].forEach((letter, axis) => {
      const known = extents.get(letter);
      if (known !== undefined && known !== shape[axis]) throw problem(`letter ${letter} stands for ${known} and for ${shape[axis]}`);
      extents.set(letter, shape[axis]!);
    });
  });
  const output = right ?? [...extents.keys()].filter((letter) => left.split(letter).length === 2).sort().join("");
  for (const letter of output) if (!extents.has(letter)) throw problem(`the result's letter ${letter} stands in no input`);
  if (new Set(output).size !== output.length) throw problem("the result names a letter twice");

  let letters = inputs[0]!;
  let joined = operands[0]!;
  for (let position = 1; position < operands.length; position++) {
    const later = inputs.slice(position + 1).join("") + output;
    [joined, letters] = joinTwo(joined, letters, operands[position]!, inputs[position]!, later, extents);
  }
  const summed = [...letters].map((_, axis) => axis).filter((axis) => !output.includes(letters[axis]!));
  if (summed.length > 0) {
    joined = joined.sum({ axis: summed });
    letters = [...letters].filter((letter) => output.includes(letter)).join("");
  }
  return joined.permute([...output].map((letter) => letters.indexOf(letter)));
}

/** One batched matrix product: shared letters that are needed later are batch, those that are not are summed. */
function joinTwo(a: Tensor, aLetters: string, b: Tensor, bLetters: string, later: string, extents: ReadonlyMap<string, number>): [Tensor, string] {
  const only = (x: Tensor, letters: string, other: string): [Tensor, string] => {
    const alone = [...letters].map((_, axis) => axis).filter((axis) => !other.includes(letters[axis]!) && !later.includes(letters[axis]!));
    return [alone.length > 0 ? x.sum({ axis: alone }) : x, [...letters].filter((_, axis) => !alone.includes(axis)).join("")];
  };
  const [x, xLetters] = only(a, aLetters, bLetters);
  const [y, yLetters] = only(b, bLetters, aLetters);
  const shared = [...xLetters].filter((letter) => yLetters.includes(letter));
  const batch = shared.filter((letter) => later.includes(letter));
  const inner = shared.filter((letter) => !later.includes(letter));
  const rows = [...xLetters].filter((letter) => !shared.includes(letter));
  const columns = [...yLetters].filter((letter) => !shared.includes(letter));
  const size = (list: string[]) => list.reduce((product, letter) => product * extents.get(letter)!, 1);
  const order = (letters: string, list: string[]) => list.map((letter) => letters.indexOf(letter));
  const batchShape = batch.map((letter) => extents.get(letter)!);
  const left = x.permute(order(xLetters, [...batch, ...rows, ...inner])).reshape([...batchShape, size(rows), size(inner)]);
  const right = y.permute(order(yLetters, [...batch, ...inner, ...columns])).reshape([...batchShape, size(inner), size(columns)]);
  const names = [...batch, ...rows, ...columns];
  return [left.matmul(right).reshape(names.map((letter) => extents.get(letter)!)), names.join("")];
}
