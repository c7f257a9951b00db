import { create } from "webgpu";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OpKernel } from "@multiway/tensor/device";
import { findGpu } from "#gpu";
import { abilitiesOf, matrixFeature } from "../device/abilities.ts";
import { matrixOrderOf } from "../device/matrices.ts";
import { bufferUsage } from "../device/constants.ts";
import { numbers, opKernel } from "../test-device.ts";
import { bindingText, layoutBindings } from "../wgsl/binder.ts";
import type { Abilities, MatrixConfig } from "../wgsl/abilities.ts";
import { foldWorkgroups, stageModule } from "../wgsl/module.ts";
import { coreLimits, type PlanLimits, type Stage } from "../wgsl/stage.ts";
import type { MatrixLanguage } from "./matrix-language.ts";
import { planMatrixUnits } from "./plan-matrix-units.ts";
import { chooseKernel, planKernel } from "./plan.ts";

/**
 * No software adapter has `shader-f16` or matrix units. What these kernels say is compiled here by Dawn's null backend, which has both and runs nothing; what
 * they compute runs on the tests' adapter, with f32 in the place of f16, and with matrices that one thread computes for its subgroup.
 */
const [M, N, K] = [8, 16, 16];
const withAbilities = (abilities: Partial<Abilities>, rest: Partial<PlanLimits> = {}): PlanLimits => ({ ...coreLimits, maxWorkgroupBytes: 32768, abilities: { shaderF16: true, matrixConfigs: [], ...abilities }, ...rest });
const config = (component: "f32" | "f16", size: readonly [number, number, number] = [M, N, K]): MatrixConfig => ({ component, result: "f32", M: size[0], N: size[1], K: size[2] });

interface Sizes {
  m: number;
  k: number;
  n: number;
  batch?: number;
  bTransposed?: boolean;
  half?: boolean;
  bias?: boolean;
}

/** b in f16 only for texts: its data are f32. */
function productOf({ m, k, n, batch = 1, bTransposed = false, half = false, bias = false }: Sizes): OpKernel {
  const kernel = opKernel("matmul", {}, [{ data: numbers(1), shape: [batch, m, k] }, { data: numbers(1), shape: [batch, k, n], dtype: half ? "f16" : "f32" }], [{ shape: [batch, m, n] }]);
  const inputs = bTransposed ? [kernel.inputs[0]!, { ...kernel.inputs[1]!, strides: [k * n, 1, k] }] : kernel.inputs;
  if (!bias) return { ...kernel, inputs };
  const access = { buffer: 2, offset: 0, strides: kernel.outputs[0]!.strides };
  return {
    ...kernel,
    inputs,
    buffers: [...kernel.buffers, { dtype: "f32", access: "read" }],
    epilogue: {
      body: [
        { op: "load", type: "f32", access },
        { op: "load", type: "f32", access: { buffer: 3, offset: 0, strides: [0, 0, 1] } },
        { op: "add", type: "f32", x: 0, y: 1 },
      ],
      stores: [{ access, value: 2 }],
    },
  };
}

function textOf(stage: Stage): { code: string; numBindings: number } {
  const ranges = stage.views.map((_, view) => ({ memory: view, offset: 0, size: 1 << 20 }));
  const layout = layoutBindings(ranges, 1 << 27);
  return { code: stageModule(stage, bindingText(stage.label, stage.views, ranges, layout, 8), foldWorkgroups(stage.workgroups, 65535)), numBindings: layout.entries.length };
}

describe("the compiler takes", () => {
  let gpu: GPU;
  let device: GPUDevice;
  beforeAll(async () => {
    gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
    const adapter = (await gpu.requestAdapter())!;
    device = await adapter.requestDevice({ requiredFeatures: ["subgroups", "shader-f16", matrixFeature as GPUFeatureName], requiredLimits: { maxComputeWorkgroupStorageSize: adapter.limits.maxComputeWorkgroupStorageSize } });
  });
  afterAll(() => device.destroy());

  /** Rejects with the compiler's words. */
  async function compile(stage: Stage): Promise<void> {
    const { code } = textOf(stage);
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ code });
    const { messages } = await module.getCompilationInfo();
    await device.popErrorScope();
    expect(messages.filter(({ type }) => type === "error").map(({ lineNum, message }) => `${lineNum}: ${message}\n${code}`)).toEqual([]);
    // The null backend has 16 KiB of workgroup memory, and knows no configuration by which a pipeline of matrices could be judged.
    if (!code.includes("subgroup_matrix")) await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  }
  const tiles = ["128x128", "64x64", "32x32"] as const;

  it.each(tiles)("products in half, tiles of %s", async (tile) => {
    const limits = withAbilities({}, { arithmetic: "f16", tileOf: () => tile });
    for (const sizes of [{ m: 130, k: 64, n: 132 }, { m: 131, k: 41, n: 67, bTransposed: true }, { m: 64, k: 64, n: 64, bTransposed: true, bias: true }]) {
      const kernel = productOf({ ...sizes, half: true });
      expect((await chooseKernel(kernel, limits)).name).toBe("matmulTiledHalf");
      for (const stage of (await planKernel(kernel, limits)).stages) await compile(stage);
    }
  });

  it.each(["template", "argument"] as const)("matrix units, their order as %s", async (matrixOrder) => {
    for (const component of ["f16", "f32"] as const) {
      // The older spelling draws a warning for each word.
      for (const size of matrixOrder === "argument" ? ([[16, 16, 16]] as const) : ([[8, 8, 8], [16, 16, 16], [8, 16, 16]] as const)) {
        const limits = withAbilities({ subgroups: { minSize: 32, maxSize: 32 }, matrixConfigs: [config(component, size)], matrixOrder }, { arithmetic: "f16" });
        for (const sizes of [{ m: 130, k: 64, n: 132, bias: true }, { m: 2048, k: 41, n: 2051, bTransposed: true }]) {
          const kernel = productOf({ ...sizes, half: component === "f16" });
          expect((await chooseKernel(kernel, limits)).name).toBe("matmulMatrixUnits");
          for (const stage of (await planKernel(kernel, limits)).stages) await compile(stage);
        }
      }
    }
    expect(await matrixOrderOf(device, config("f16"))).toBe("template");
  });

  it("sums within subgroups of any size", async () => {
    const limits = withAbilities({ subgroups: { minSize: 4, maxSize: 128 } });
    const x = { data: numbers(1), shape: [8, 768] };
    const line = { data: numbers(1), shape: [768] };
    const kernel = opKernel("layerNorm", { epsilon: 1e-5 }, [x, line, line], [{ shape: [8, 768] }, { shape: [8] }, { shape: [8] }]);
    for (const stage of (await planKernel(kernel, limits)).stages) {
      expect(textOf(stage).code).toContain("enable subgroups;");
      await compile(stage);
    }
  });

  it("what an adapter says of its matrix units, as far as it is of floats and the device may use it", async () => {
    const info = { subgroupMinSize: 32, subgroupMaxSize: 32, subgroupMatrixConfigs: [["f16", "f32"], ["i8", "i32"], ["f16", "f16"]].map(([componentType, resultComponentType]) => ({ componentType, resultComponentType, M: 16, N: 16, K: 16 })) };
    const abilities = (features: string[]): Promise<Abilities> => abilitiesOf(features, info as unknown as GPUAdapterInfo, device);
    expect(await abilities(["subgroups", "shader-f16", matrixFeature])).toEqual({
      subgroups: { minSize: 32, maxSize: 32 },
      shaderF16: true,
      matrixConfigs: [{ component: "f16", result: "f32", M: 16, N: 16, K: 16 }, { component: "f16", result: "f16", M: 16, N: 16, K: 16 }],
      matrixOrder: "template",
    });
    expect((await abilities(["subgroups", matrixFeature])).matrixConfigs).toEqual([]);
    expect((await abilities(["subgroups", "shader-f16"])).matrixConfigs).toEqual([]);
  });
});

describe("chosen only where the adapter can and the user wants it", () => {
  const subgroups = { minSize: 32, maxSize: 32 };
  it.each<[string, string, PlanLimits, boolean]>([
    ["core WebGPU", "matmulTiled", coreLimits, true],
    ["shader-f16, in f32", "matmulTiled", withAbilities({}), true],
    ["in f16 without shader-f16", "matmulTiled", withAbilities({ shaderF16: false }, { arithmetic: "f16" }), true],
    ["in f16, without an operand in half", "matmulTiled", withAbilities({}, { arithmetic: "f16" }), false],
    ["matrices of halves, in f32", "matmulTiled", withAbilities({ subgroups, matrixConfigs: [config("f16")] }), true],
    ["matrices that sum in half", "matmulTiledHalf", withAbilities({ subgroups, matrixConfigs: [{ ...config("f16"), result: "f16" }] }, { arithmetic: "f16" }), true],
    ["matrices, but subgroups of several sizes", "matmulTiled", withAbilities({ subgroups: { minSize: 16, maxSize: 32 }, matrixConfigs: [config("f32")] }), false],
    ["matrices of floats", "matmulMatrixUnits", withAbilities({ subgroups, matrixConfigs: [config("f32")] }), false],
    ["matrices of floats, but an operand in half", "matmulTiled", withAbilities({ subgroups, matrixConfigs: [config("f32")] }), true],
  ])("%s: %s", async (_, name, limits, half) => expect((await chooseKernel(productOf({ m: 64, k: 64, n: 64, half }), limits)).name).toBe(name));
});

/**
 * The first thread of each subgroup computes its matrices. A left or right one is the place where it lies in workgroup memory; the elements of a result lie in a buffer
 * of their own, found by its name `cI_J`: SwiftShader's compiler is slow with arrays in registers.
 */
const subgroupSize = 32;
const own = (sum: string): string => {
  const [, i, j] = /^c(\d+)_(\d+)$/.exec(sum)!;
  return `${M * N}u * (16u * (4u * group + subgroup) + ${4 * Number(i) + Number(j)}u)`;
};
const emulated: MatrixLanguage = {
  directives: [],
  declarations: `
@group(0) @binding(9) var<storage, read_write> results: array<f32>;
fn multiply_add(left: vec2<u32>, right: vec2<u32>, sum: u32, lane: u32) -> u32 {
  if (lane % ${subgroupSize}u == 0u) {
    for (var i = 0u; i < ${M * N}u; i++) {
      for (var j = 0u; j < ${K}u; j++) { results[sum + i] += a_tile[left.x + (i / ${N}u) * left.y + j] * b_tile[right.x + j * right.y + i % ${N}u]; }
    }
  }
  return sum;
}
fn leave(offset: u32, stride: u32, sum: u32, lane: u32) {
  if (lane % ${subgroupSize}u == 0u) { for (var i = 0u; i < ${M * N}u; i++) { c_blocks[offset + (i / ${N}u) * stride + i % ${N}u] = results[sum + i]; } }
}`,
  zero: "0u",
  left: (offset, stride) => `vec2<u32>(${offset}, ${stride}u)`,
  right: (offset, stride) => `vec2<u32>(${offset}, ${stride}u)`,
  multiplyAdd: (left, right, sum) => `multiply_add(${left}, ${right}, ${own(sum)}, lane)`,
  store: (offset, value, stride) => `leave(${offset}, ${stride}u, ${own(value)}, lane);`,
};
/** Subgroups of 32 in the order of the threads. */
const numbered = (code: string): string => code.replace(", @builtin(subgroup_id) subgroup: u32", "").replace("let group = workgroup.x;", `let group = workgroup.x;\n  let subgroup = lane / ${subgroupSize}u;`);

describe("computes, with f32 in the place of f16,", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    const adapter = (await ((await findGpu()) as GPU).requestAdapter())!;
    device = await adapter.requestDevice({ requiredLimits: { maxComputeWorkgroupStorageSize: 32768 } });
  });
  afterAll(() => device.destroy());

  async function run(stage: Stage, code: string, contents: readonly (Float32Array | number)[]): Promise<Float32Array> {
    const buffers = contents.map((content) => {
      const buffer = device.createBuffer({ size: 4 * (typeof content === "number" ? content : content.length), usage: bufferUsage.storage | bufferUsage.copySource | bufferUsage.copyDestination });
      if (typeof content !== "number") device.queue.writeBuffer(buffer, 0, content as Float32Array<ArrayBuffer>);
      return buffer;
    });
    const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module: device.createShaderModule({ code }) } });
    const bound = stage.views.map(({ buffer }) => buffers["kernel" in buffer ? buffer.kernel : -1]!);
    const entries = bound.map((buffer, binding) => ({ binding, resource: { buffer } }));
    if (code.includes("@binding(9)")) entries.push({ binding: 9, resource: { buffer: device.createBuffer({ size: 4 * M * N * 64 * stage.workgroups, usage: bufferUsage.storage }) } });
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    const result = buffers[2]!;
    const staging = device.createBuffer({ size: result.size, usage: 0x1 | bufferUsage.copyDestination });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(stage.workgroups);
    pass.end();
    encoder.copyBufferToBuffer(result, 0, staging, 0, result.size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(0x1);
    return new Float32Array(staging.getMappedRange().slice(0));
  }

  function expected({ m, k, n, batch = 1, bTransposed = false, bias = false }: Sizes, a: Float32Array, b: Float32Array, line: Float32Array): Float64Array {
    const c = new Float64Array(batch * m * n);
    for (let at = 0; at < c.length; at++) {
      const [of, row, column] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
      for (let i = 0; i < k; i++) c[at]! += a[(of * m + row) * k + i]! * b[of * k * n + (bTransposed ? column * k + i : i * n + column)]!;
      if (bias) c[at]! += line[column]!;
    }
    return c;
  }

  const cases: readonly Sizes[] = [
    { m: 72, k: 40, n: 68, bias: true },
    { m: 33, k: 67, n: 71, batch: 2, bTransposed: true },
    { m: 128, k: 36, n: 64, bTransposed: true },
  ];

  async function check(sizes: Sizes, plan: (kernel: OpKernel) => Promise<readonly Stage[]>, spell: (code: string) => string): Promise<void> {
    const { m, k, n, batch = 1 } = sizes;
    const [a, b, line] = [numbers(batch * m * k, 5), numbers(batch * k * n, 6), numbers(n, 7)];
    const [stage, ...others] = await plan(productOf(sizes));
    expect(others).toEqual([]);
    const result = await run(stage!, spell(textOf(stage!).code), [a, b, batch * m * n, line]);
    const worst = expected(sizes, a, b, line).reduce((most, value, i) => Math.max(most, Math.abs(value - result[i]!)), 0);
    expect(worst).toBeLessThan(1e-6 * k);
  }

  it.each(cases)("by matrix units: %o", async (sizes) => {
    const limits = withAbilities({ subgroups: { minSize: subgroupSize, maxSize: subgroupSize } });
    await check(sizes, async (kernel) => (await planMatrixUnits(kernel, limits, config("f32"), emulated)).stages, numbered);
  });

  it.each(cases)("products in half: %o", async (sizes) => {
    const limits = withAbilities({}, { arithmetic: "f16" });
    // The kernel is chosen for an operand in half, which then is read as f32.
    const plan = async (kernel: OpKernel): Promise<readonly Stage[]> => {
      const halves = { ...kernel, inputs: kernel.inputs.map((input, i): OpKernel["inputs"][0] => (i === 1 ? { ...input, dtype: "f16" } : input)) };
      return (await planKernel(halves, limits)).stages.map((stage) => ({ ...stage, views: stage.views.map((view) => (view.name === "b" ? { ...view, element: "f32" as const } : view)) }));
    };
    await check(sizes, plan, (code) => {
      expect(code).toContain("enable f16;");
      return code.replace("enable f16;\n", "").replaceAll("f16", "f32");
    });
  });
});
