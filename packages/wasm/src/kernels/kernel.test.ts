import { expect, test } from "vitest";
import { f32, f32x4, i32, v128 } from "../assembler/index.ts";
import { kernelFunction, phase } from "./kernel.ts";
import { runKernel } from "./run-kernel.ts";

/** x · factor into the workspace, then + 1 into y; four elements per task. */
const scale = kernelFunction({
  key: "test.scale",
  parameters: { x: "i32", y: "i32", factor: "f32" },
  body(code, { x, y, factor, firstTask, endTask }) {
    const offset = code.local("i32");
    code.for(offset, i32.mul(firstTask, 16), i32.mul(endTask, 16), 16, () => {
      code.store(i32.add(y, offset), f32x4.mul(v128.load(i32.add(x, offset)), f32x4.splat(factor)));
    });
  },
});
const increment = kernelFunction({
  key: "test.increment",
  parameters: { x: "i32", y: "i32" },
  body(code, { x, y, firstTask, endTask }) {
    const task = code.local("i32");
    code.for(task, firstTask, endTask, 1, () => {
      const offset = code.let(i32.mul(task, 16));
      const lane = code.local("i32");
      code.for(lane, 0, 16, 4, () => {
        const at = i32.add(offset, lane);
        code.store(i32.add(y, at), f32.add(f32.load(i32.add(x, at)), 1));
      });
    });
  },
});

test("phases hand results on through the workspace, in any split of the tasks", () => {
  const generated = {
    workspaceBytes: 48,
    phases: [
      phase(scale, 3, { x: { buffer: 0 }, y: { workspaceOffsetBytes: 0 }, factor: 0.5 }),
      phase(increment, 3, { x: { workspaceOffsetBytes: 0 }, y: { buffer: 1 } }),
    ],
  };
  const x = Float32Array.from({ length: 12 }, (_, index) => index);
  for (const tasksPerCall of [1, 2, 3]) {
    const y = new Float32Array(12);
    runKernel(
      generated,
      [
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "write" },
      ],
      [x, y],
      { relaxedSimd: false },
      { tasksPerCall },
    );
    expect([...y]).toEqual([...x].map((value) => value / 2 + 1));
  }
});
