import { at, bool, build, countOf, f16, f32, i32, samples, u32 } from "@multiway/testing/op-samples";

export const gather = samples("gather", {
  run: ([table, indices]) => table!.gather(indices!),
  expected: ([table, indices]) =>
    build(
      [...indices!.shape, ...table!.shape.slice(1)],
      (index) => {
        const row = at(indices!, index.slice(0, indices!.shape.length));
        return row >= 0 && row < table!.shape[0]! ? at(table!, [row, ...index.slice(indices!.shape.length)]) : 0;
      },
      table!.dtype === "f16" ? "f32" : table!.dtype,
    ),
  samples: [
    [f32([5, 3]), i32([4], [0, 4])],
    [f32([5, 3]), i32([2, 3], [-2, 7])],
    [f32([7]), i32([3], [0, 6])],
    [f32([4, 2, 3]), i32([2], [0, 3])],
    [f32([4, 2]), i32([], [0, 3])],
    [f32([4, 2]), i32([0])],
    [f32([0, 2]), i32([3], [0, 2])],
    [f32([3, 0]), i32([2], [0, 2])],
    [i32([5, 3]), i32([4], [0, 4])],
    [u32([5]), i32([4], [0, 4])],
    [bool([5, 2]), i32([4], [0, 4])],
    [f16([5, 2]), i32([4], [0, 4])],
  ],
  gradient: 2,
  failures: [
    { inputs: [f32([3, 2]), f32([2])], run: ([table, indices]) => table!.gather(indices!), message: "gather: indices are f32; expected i32. Convert with cast." },
    { inputs: [f32([]), i32([2])], run: ([table, indices]) => table!.gather(indices!), message: "gather: x is a scalar; expected at least one axis to take rows from." },
  ],
});

export const scatterAdd = samples<{ rows: number }>("scatterAdd", {
  run: ([updates, indices], { rows }) => updates!.scatterAdd(indices!, rows),
  expected: ([updates, indices], { rows }) => {
    const width = updates!.shape[1]!;
    const data = new Array<number>(rows * width).fill(0);
    indices!.data.forEach((row, i) => {
      if (row < 0 || row >= rows) return;
      for (let column = 0; column < width; column++) data[row * width + column]! += updates!.data[i * width + column]!;
    });
    return { shape: [rows, width], dtype: "f32", data };
  },
  samples: [
    { inputs: [f32([6, 3]), i32([6], [0, 3])], options: { rows: 4 } },
    { inputs: [f32([6, 1]), i32([6], [-1, 5])], options: { rows: 4 } },
    { inputs: [f32([0, 3]), i32([0])], options: { rows: 2 } },
    { inputs: [f32([2, 0]), i32([2], [0, 1])], options: { rows: 2 } },
    { inputs: [f32([2, 3]), i32([2], [0, 1])], options: { rows: 0 } },
    { inputs: [f16([5, 2]), i32([5], [0, 2])], options: { rows: 3 } },
  ],
  gradient: 2,
  precision: "summed",
  failures: [
    { inputs: [f32([3, 2]), i32([2])], run: ([updates, indices]) => updates!.scatterAdd(indices!, 4), message: "scatterAdd: indices of [2] and updates of [3, 2]; expected [count] and [count, width]." },
    { inputs: [f32([2, 2]), i32([2])], run: ([updates, indices]) => updates!.scatterAdd(indices!, -1), message: "scatterAdd: rows is -1; expected a whole number, 0 or more." },
    { inputs: [i32([2, 2]), i32([2])], run: ([updates, indices]) => updates!.scatterAdd(indices!, 3), message: "scatterAdd: updates of shape [2, 2] is i32; expected f32, f16. Convert with cast." },
  ],
});

export const oneHot = samples("oneHot", {
  run: ([x]) => x!.oneHot(5),
  expected: ([x]) => build([...x!.shape, 5], (index) => Number(at(x!, index.slice(0, -1)) === index.at(-1))),
  samples: [[i32([4], [-1, 6])], [i32([2, 3], [0, 4])], [i32([], [0, 4])], [i32([0])]],
});

/** Rows that are taken, changed and put back: both kernels with work around them. */
export const throughRows = samples("gather and scatterAdd", {
  run: ([x, indices]) => x!.mul(2).gather(indices!).add(1).scatterAdd(indices!, x!.shape[0]!).sub(x!),
  expected: ([x, indices]) => {
    const width = countOf(x!.shape.slice(1));
    return build(x!.shape, ([i, j]) => indices!.data.filter((row) => row === i).length * (2 * x!.data[i! * width + j!]! + 1) - x!.data[i! * width + j!]!);
  },
  samples: [[f32([4, 3]), i32([7], [0, 3])]],
  gradient: 2,
  precision: "summed",
});
