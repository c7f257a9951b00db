import { expect, test } from "vitest";
import { resizePositions } from "./resize-positions.ts";

const front = [7, 8, 9];

test("a grid grows as PyTorch's bicubic interpolation makes it grow", () => {
  const grown = resizePositions(Float32Array.of(...front, 0, 1, 2, 3), 1, [2, 2], [3, 3]);
  const expected = [-0.260417, 0.326389, 0.913194, 0.913195, 1.5, 2.086806, 2.086806, 2.673611, 3.260417];
  expect([...grown.subarray(0, 3)]).toEqual(front);
  grown.subarray(3).forEach((value, place) => expect(value).toBeCloseTo(expected[place]!, 5));
});

test("grids need not be square, and channels stay apart", () => {
  const table = Float32Array.from({ length: (3 + 2 * 3) * 2 }, (_, index) => (index % 2 === 0 ? 1 : -2));
  const resized = resizePositions(table, 2, [2, 3], [4, 5]);
  expect(resized).toHaveLength((3 + 20) * 2);
  resized.forEach((value, index) => expect(value).toBeCloseTo(index % 2 === 0 ? 1 : -2, 6));
});

test("the same grid gives the same bits", () => {
  const table = Float32Array.from({ length: 3 + 6 }, (_, index) => Math.sin(index));
  expect(resizePositions(table, 1, [2, 3], [2, 3])).toEqual(table);
});

test("a table of another size is refused", () => {
  expect(() => resizePositions(new Float32Array(10), 1, [2, 2], [3, 3])).toThrow("resizePositions: the table has 10 elements; expected [7, 1] for a grid of 2 × 2.");
});
