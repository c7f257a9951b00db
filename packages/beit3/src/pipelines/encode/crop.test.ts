import { expect, test } from "vitest";
import { crop } from "./crop.ts";

test("an item of a batch, without what lies beyond its sizes", () => {
  const shape = [2, 3, 4, 5];
  const data = Float32Array.from({ length: 120 }, (_, index) => index);
  const { shape: cropped, data: values } = crop({ shape, data }, 1, [3, 2, 3]);
  expect(cropped).toEqual([3, 2, 3]);
  const expected = [];
  for (let a = 0; a < 3; a++) for (let b = 0; b < 2; b++) for (let c = 0; c < 3; c++) expected.push(60 + a * 20 + b * 5 + c);
  expect([...values]).toEqual(expected);
  expect([...crop({ shape: [2, 3], data: data.slice(0, 6) }, 1, [2]).data]).toEqual([3, 4]);
});
