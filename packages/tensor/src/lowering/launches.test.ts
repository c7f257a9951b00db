import { expect, it } from "vitest";
import type { KernelBuffer, LoopKernel } from "../kernel-ir.ts";
import type { Memory } from "./buffers.ts";
import { joinLoops } from "./launches.ts";

const memory = (length = 8, binding?: number): Memory => ({ dtype: "f32", length, place: binding === undefined ? undefined : { kind: "binding", index: binding }, first: 0, last: 0 });

/** y = op x, named after its result. */
function step(name: string, x: Memory, y: Memory, op: "negate" | "abs" = "negate") {
  const buffers: KernelBuffer[] = x === y ? [{ dtype: "f32", access: "readwrite" }] : [{ dtype: "f32", access: "read" }, { dtype: "f32", access: "write" }];
  const kernel: LoopKernel = {
    kind: "loop",
    label: name,
    buffers,
    extents: [y.length],
    body: [
      { op: "load", type: "f32", access: { buffer: 0, offset: 0, strides: [1] } },
      { op, type: "f32", x: 0 },
    ],
    stores: [{ access: { buffer: buffers.length - 1, offset: 0, strides: [1] }, value: 1 }],
  };
  return { kernel, memory: x === y ? [x] : [x, y], computed: [] };
}
const launches = (...steps: ReturnType<typeof step>[]) => joinLoops(steps).map((launch) => launch.map(({ kernel }) => kernel.label).join(" "));

it("joins loops of one form that follow one another", () => {
  const x = memory();
  expect(launches(step("a", x, memory(5)), step("b", x, memory(7)), step("c", x, memory(9), "abs"))).toEqual(["a b", "c"]);
});

it("keeps apart who reads what another writes, or writes what another reads", () => {
  const [x, y, z] = [memory(), memory(), memory()];
  expect(launches(step("a", x, y), step("b", y, z))).toEqual(["a", "b"]);
  expect(launches(step("a", x, y), step("b", z, x))).toEqual(["a", "b"]);
  expect(launches(step("a", x, y), step("b", z, y))).toEqual(["a", "b"]);
});

it("takes an argument and what is written over it for one", () => {
  const [x, argument, result] = [memory(), memory(8, 3), memory(8, 3)];
  expect(launches(step("a", argument, memory()), step("b", x, result))).toEqual(["a", "b"]);
});

it("moves a loop forward past others that do not depend on it, if its result is small or nobody's scratch memory", () => {
  const [x, y, z] = [memory(), memory(), memory()];
  expect(launches(step("a", x, y), step("b", y, z, "abs"), step("c", x, memory(1)))).toEqual(["a c", "b"]);
  expect(launches(step("a", x, y), step("b", y, z, "abs"), step("c", z, memory(1)))).toEqual(["a", "b", "c"]);
  expect(launches(step("a", x, y), step("b", y, z, "abs"), step("c", x, memory(1e6)))).toEqual(["a", "b", "c"]);
  expect(launches(step("a", x, y), step("b", y, z, "abs"), step("c", x, memory(1e6, 0)))).toEqual(["a c", "b"]);
});
