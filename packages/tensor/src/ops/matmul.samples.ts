import { bool, f16, f32, i32, product, reshaped, samples, type Input, type Plain } from "@multiway/testing/op-samples";
import { einsum } from "../einsum.ts";

/** Vectors are rows on the left and columns on the right, and their axis goes away. */
function expected([a, b]: readonly Plain[]): Plain {
  const left = a!.shape.length === 1 ? reshaped(a!, [1, ...a!.shape]) : a!;
  const right = b!.shape.length === 1 ? reshaped(b!, [...b!.shape, 1]) : b!;
  const c = product(left, right);
  let shape = [...c.shape];
  if (b!.shape.length === 1) shape = shape.slice(0, -1);
  if (a!.shape.length === 1) shape = shape.toSpliced(b!.shape.length === 1 ? -1 : -2, 1);
  return reshaped(c, shape);
}

const shapes: [number[], number[]][] = [
  [[2, 3], [3, 5]],
  [[1, 1], [1, 1]],
  [[7, 13], [13, 11]],
  [[3, 1, 2, 4], [2, 4, 5]],
  [[2, 3, 4], [4, 5]],
  [[4, 5], [3, 5, 2]],
  [[2, 1, 3, 4], [5, 4, 2]],
  [[3], [3]],
  [[3], [3, 4]],
  [[2, 3], [3]],
  [[2, 2, 3], [3]],
  [[0, 3], [3, 2]],
  [[2, 0], [0, 3]],
  [[2, 3], [3, 0]],
  [[0, 2, 3], [3, 2]],
  [[33, 65], [65, 17]],
];

export const matmul = samples("matmul", {
  run: ([a, b]) => a!.matmul(b!),
  expected,
  samples: [...shapes.map(([a, b]): Input[] => [f32(a), f32(b)]), [f16([3, 5]), f32([5, 4])], [f32([3, 5]), f16([5, 4])], [f16([2, 4]), f16([4, 2])], [i32([2, 3]), f32([3, 2])], [bool([2, 3]), f32([3, 2])]],
  gradient: 2,
  precision: "summed",
  failures: [
    { inputs: [f32([2, 3]), f32([4, 5])], run: ([a, b]) => a!.matmul(b!), message: "matmul: shapes [2, 3] and [4, 5] do not fit: 3 columns meet 4 rows; expected equal numbers." },
    { inputs: [f32([2, 3, 4]), f32([3, 4, 5])], run: ([a, b]) => a!.matmul(b!), message: "matmul: shapes [2] and [3] do not broadcast: axis -1 has 2 and 3; expected equal extents or a 1." },
    { inputs: [f32([]), f32([2])], run: ([a, b]) => a!.matmul(b!), message: "matmul: shapes [] and [2]; expected at least one axis on each side. Use mul for scalars." },
  ],
});

export const transposedProducts = samples("matmul of transposed operands", {
  run: ([a, b]) => [a!.transpose().matmul(b!), b!.transpose().matmul(a!), a!.matmul(a!.transpose())],
  expected: ([a, b]) => {
    const turn = (x: Plain): Plain => ({ ...x, shape: [x.shape[1]!, x.shape[0]!], data: Array.from({ length: x.data.length }, (_, i) => x.data[(i % x.shape[0]!) * x.shape[1]! + Math.floor(i / x.shape[0]!)]!) });
    return [product(turn(a!), b!), product(turn(b!), a!), product(a!, turn(a!))];
  },
  samples: [[f32([4, 3]), f32([4, 5])]],
  gradient: 2,
  precision: "summed",
});

/** A layer: product, bias, activation and residual, all of one shape. */
export const layer = samples("matmul with bias, activation and residual", {
  run: ([x, weight, bias, residual]) => residual!.add(x!.matmul(weight!.transpose()).add(bias!).relu()),
  expected: ([x, weight, bias, residual]) => {
    const [rows, inner, columns] = [x!.shape[0]!, x!.shape[1]!, weight!.shape[0]!];
    const data = Array.from({ length: rows * columns }, (_, flat) => {
      const [i, j] = [Math.floor(flat / columns), flat % columns];
      let sum = bias!.data[j]!;
      for (let k = 0; k < inner; k++) sum += x!.data[i * inner + k]! * weight!.data[j * inner + k]!;
      return residual!.data[flat]! + Math.max(0, sum);
    });
    return { shape: [rows, columns], dtype: "f32", data };
  },
  samples: [[f32([5, 7]), f32([3, 7]), f32([3]), f32([5, 3])]],
  gradient: 2,
  precision: "summed",
});

const letters: [string, number[][]][] = [
  ["bqd,bkd->bqk", [[2, 3, 4], [2, 5, 4]]],
  ["ij,jk", [[2, 3], [3, 4]]],
  ["ij->ji", [[2, 3]]],
  ["ij->j", [[2, 3]]],
  ["i,j->ij", [[3], [2]]],
  ["ij,ij->", [[2, 3], [2, 3]]],
  ["bhqd,bhkd,bk->bhq", [[1, 2, 3, 2], [1, 2, 4, 2], [1, 4]]],
  ["a,bc->b", [[2], [3, 2]]],
];

export const einsums = samples<{ equation: string }>("einsum", {
  run: (inputs, { equation }) => einsum(equation, ...inputs),
  expected: (inputs, { equation }) => {
    const [left, right] = equation.split("->") as [string, string?];
    const names = left.split(",");
    const extents = new Map(names.flatMap((list, i) => [...list].map((letter, axis) => [letter, inputs[i]!.shape[axis]!] as const)));
    const output = right ?? [...extents.keys()].filter((letter) => left.split(letter).length === 2).sort().join("");
    const all = [...output, ...[...extents.keys()].filter((letter) => !output.includes(letter))];
    const shape = [...output].map((letter) => extents.get(letter)!);
    const data = new Array<number>(shape.reduce((size, extent) => size * extent, 1)).fill(0);
    const total = all.reduce((size, letter) => size * extents.get(letter)!, 1);
    for (let flat = 0; flat < total; flat++) {
      const index = new Map<string, number>();
      let rest = flat;
      for (const letter of all.toReversed()) {
        index.set(letter, rest % extents.get(letter)!);
        rest = Math.floor(rest / extents.get(letter)!);
      }
      const position = (list: string) => [...list].reduce((place, letter) => place * extents.get(letter)! + index.get(letter)!, 0);
      data[position(output)]! += names.reduce((value, list, i) => value * inputs[i]!.data[position(list)]!, 1);
    }
    return { shape, dtype: "f32", data };
  },
  samples: letters.map(([equation, sizes]) => ({ inputs: sizes.map((shape) => f32(shape)), options: { equation } })),
  gradient: 2,
  precision: "summed",
  failures: [
    { inputs: [f32([2, 3])], run: ([x]) => einsum("ij,jk", x!), message: 'einsum: "ij,jk" with [2, 3]: the equation names 2 inputs, 1 were given.' },
    { inputs: [f32([2, 3]), f32([4, 5])], run: ([x, y]) => einsum("ij,jk", x!, y!), message: 'einsum: "ij,jk" with [2, 3], [4, 5]: letter j stands for 3 and for 4.' },
    { inputs: [f32([2, 2])], run: ([x]) => einsum("ii", x!), message: 'einsum: "ii" with [2, 2]: "ii" names a letter twice; diagonals are not supported.' },
    { inputs: [f32([2, 2])], run: ([x]) => einsum("ij->k", x!), message: 'einsum: "ij->k" with [2, 2]: the result\'s letter k stands in no input.' },
  ],
});
