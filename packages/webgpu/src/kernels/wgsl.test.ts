import { describe, expect, it } from "vitest";
import type { Kernel, LoopKernel, OpKernel } from "@multiway/tensor/device";
import { affine, numbers, opKernel } from "../test-device.ts";
import { bindingText, layoutBindings, type Range } from "../wgsl/binder.ts";
import { foldWorkgroups, stageModule } from "../wgsl/module.ts";
import { coreLimits, type PlanLimits } from "../wgsl/stage.ts";
import { planKernel } from "./plan.ts";

/** The WGSL of all stages, with each buffer of `bytes` in memory of its own or where `place` puts it. */
async function textOf(kernel: Kernel, place: (view: number) => Range = (view) => ({ memory: view, offset: 0, size: 1 << 20 }), maxBindingBytes = 1 << 27, limits: PlanLimits = coreLimits): Promise<string> {
  const { stages } = await planKernel(kernel, limits);
  return stages
    .map((stage) => {
      const ranges = stage.views.map((_, view) => place(view));
      const text = bindingText(stage.label, stage.views, ranges, layoutBindings(ranges, maxBindingBytes), 8);
      return `${stageModule(stage, text, foldWorkgroups(stage.workgroups, 65535))}// ${stage.workgroups} × ${stage.workgroupSize}\n`;
    })
    .join("\n");
}

const sumOf = (outputs: number, reduced: number, alongRows: boolean): LoopKernel => ({
  kind: "loop",
  label: `sum [${outputs}, ${reduced}]`,
  buffers: [
    { dtype: "f32", access: "read" },
    { dtype: "f32", access: "write" },
  ],
  extents: [outputs],
  reduction: {
    extents: [reduced],
    body: [{ op: "load", type: "f32", access: { buffer: 0, offset: 0, strides: alongRows ? [reduced, 1] : [1, outputs] } }],
    results: [{ combine: "sum", value: 0 }],
  },
  body: [{ op: "reduced", type: "f32", result: 0 }],
  stores: [{ access: { buffer: 1, offset: 0, strides: [1] }, value: 0 }],
});

describe("the text of kernels", () => {
  it("an elementwise loop, one and four at a time", async () => {
    expect(await textOf(affine(100))).toMatchSnapshot("one");
    expect(await textOf(affine(8192))).toMatchSnapshot("four");
  });
  it("a loop whose input and output are one buffer", async () => expect(await textOf(affine(100), () => ({ memory: 0, offset: 256, size: 400 }))).toMatchSnapshot());
  it("a loop over buffers that take two bindings each", async () => expect(await textOf(affine(100), (view) => ({ memory: view, offset: 0, size: 400 }), 256)).toMatchSnapshot());
  it("a sum along rows by a tree", async () => expect(await textOf(sumOf(3000, 200, true))).toMatchSnapshot());
  it("a sum of one long row in two dispatches", async () => expect(await textOf(sumOf(1, 100_000, true))).toMatchSnapshot());
  const product = (m: number, k: number, n: number): OpKernel => opKernel("matmul", {}, [{ data: numbers(1), shape: [m, k] }, { data: numbers(1), shape: [k, n] }], [{ shape: [m, n] }]);
  it("products: tiled", async () => {
    expect(await textOf(product(128, 64, 128))).toMatchSnapshot("whole tiles");
    expect(await textOf(product(70, 33, 130))).toMatchSnapshot("ragged");
  });
  it("products: few tiles and a long k, few rows, operands that are turned", async () => {
    expect(await textOf(product(40, 1088, 48))).toMatchSnapshot("k in two");
    expect(await textOf(product(1, 768, 768))).toMatchSnapshot("one row");
    const turned = product(64, 64, 64);
    expect(await textOf({ ...turned, inputs: turned.inputs.map((input) => ({ ...input, strides: [1, 64] })) })).toMatchSnapshot("both turned");
  });
  const having = (abilities: Partial<PlanLimits["abilities"]>): PlanLimits => ({ ...coreLimits, maxWorkgroupBytes: 32768, arithmetic: "f16", abilities: { subgroups: { minSize: 32, maxSize: 32 }, shaderF16: true, matrixConfigs: [], ...abilities } });
  const withLimits = (kernel: OpKernel | LoopKernel, limits: PlanLimits): Promise<string> => textOf(kernel, undefined, undefined, limits);
  it("with subgroups: a sum along rows, an argMax, a norm", async () => {
    expect(await withLimits(sumOf(3000, 200, true), having({}))).toMatchSnapshot("sum");
    const sum = sumOf(7, 600, true);
    const argMax: LoopKernel = { ...sum, buffers: [sum.buffers[0]!, { dtype: "i32", access: "write" }], reduction: { ...sum.reduction!, results: [{ combine: "argMax", value: 0 }] }, body: [{ op: "reduced", type: "i32", result: 0 }] };
    expect(await withLimits(argMax, having({}))).toMatchSnapshot("argMax");
    const line = { data: numbers(1), shape: [768] };
    expect(await withLimits(opKernel("layerNorm", { epsilon: 1e-5 }, [{ data: numbers(1), shape: [8, 768] }, line, line], [{ shape: [8, 768] }, { shape: [8] }, { shape: [8] }]), having({}))).toMatchSnapshot("layerNorm");
  });
  it("products in half, and by matrix units", async () => {
    const half = product(64, 64, 64);
    const kernel: OpKernel = { ...half, buffers: half.buffers.map((buffer, i) => (i === 1 ? { ...buffer, dtype: "f16" } : buffer)), inputs: [half.inputs[0]!, { ...half.inputs[1]!, dtype: "f16" }] };
    expect(await withLimits(kernel, having({}))).toMatchSnapshot("in half");
    expect(await withLimits(kernel, having({ matrixConfigs: [{ component: "f16", result: "f32", M: 16, N: 16, K: 16 }] }))).toMatchSnapshot("matrix units");
  });
  it("products with an epilogue: bias and a function, four at a time and one", async () => {
    const finished = (kernel: OpKernel): OpKernel => {
      const [own, bias] = [kernel.outputs[0]!.buffer, kernel.buffers.length];
      const access = { buffer: own, offset: 0, strides: kernel.outputs[0]!.strides };
      const body: OpKernel["epilogue"] = {
        body: [
          { op: "load", type: "f32", access },
          { op: "load", type: "f32", access: { buffer: bias, offset: 0, strides: [0, 1] } },
          { op: "add", type: "f32", x: 0, y: 1 },
          { op: "tanh", type: "f32", x: 2 },
        ],
        stores: [{ access, value: 3 }],
      };
      return { ...kernel, buffers: [...kernel.buffers, { dtype: "f32", access: "read" }], epilogue: body };
    };
    expect(await textOf(finished(product(128, 64, 128)))).toMatchSnapshot("tiled");
    expect(await textOf(finished(product(3, 5, 7)))).toMatchSnapshot("plain");
  });
  it("attention", async () => {
    const x = { data: numbers(1), shape: [1, 20, 2, 16] };
    expect(await textOf(opKernel("attention", { segments: 1, hasBias: false, scale: 0.25 }, [x, x, x], [{ shape: x.shape }, { shape: [1, 2, 20] }]))).toMatchSnapshot();
  });
});

describe("layoutBindings", () => {
  it("joins ranges that overlap, and names the pattern by what the text depends on", () => {
    const { entries, pattern } = layoutBindings([{ memory: 1, offset: 256, size: 400 }, { memory: 2, offset: 0, size: 400 }, { memory: 1, offset: 512, size: 400 }], 1 << 27);
    expect(entries).toEqual([{ memory: 1, offset: 256, size: 656 }, { memory: 2, offset: 0, size: 400 }]);
    expect(pattern).toBe(layoutBindings([{ memory: 7, offset: 0, size: 400 }, { memory: 3, offset: 256, size: 300 }, { memory: 7, offset: 256, size: 400 }], 1 << 27).pattern);
  });
});

describe("foldWorkgroups", () => {
  it.each([0, 1, 65535, 65536, 1_000_003, 65535 * 65535])("covers %i", (count) => {
    const { x, y } = foldWorkgroups(count, 65535);
    expect(Math.max(x, y)).toBeLessThanOrEqual(65535);
    expect(x * y).toBeGreaterThanOrEqual(count);
    expect(x * y - count).toBeLessThan(Math.max(y, 1));
  });
});
