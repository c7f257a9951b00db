/**
 * Shows the code of an op's kernels: WGSL, or WebAssembly as text.
 *
 *     pnpm shader softmax --shape 2,197,768
 *     pnpm shader matmul --shape 197,768 --shape 768,3072 --dtype f16 --device wasm
 *     pnpm shader matmul --shape 512,768 --shape 768,3072 --with subgroups --tile 128x128
 *
 * WGSL is for core WebGPU; `--with` adds what an adapter may have, comma-separated: subgroups (of 32), f16 (arithmetic in half) and matrices (16 × 16 × 16, of floats, or with f16 of halves).
 * The op is a method of the tensor of the first shape; each further shape is a tensor among its arguments. What follows `--` is given to it as JSON, in order.
 */
import { realize, type Tensor } from "@multiway/tensor";
import { allDTypes, type DType, type KernelExplanation } from "@multiway/tensor/device";
import { explainKernel as explainWasm } from "@multiway/wasm";
import { tileNames, explainKernel as explainWebgpu, type PlanLimits } from "@multiway/webgpu";
import { parseArgs } from "node:util";
import wabt from "wabt";
import { limitsOf, openPaperDevice } from "./paper-device.ts";

const extras = ["subgroups", "f16", "matrices"] as const;

/** Of a WebGPU adapter with more than every adapter has. */
function limitsWith(names: readonly string[], tile: string | undefined): Partial<PlanLimits> {
  const component = names.includes("f16") ? "f16" : "f32";
  return {
    ...(names.length > 0 && { maxWorkgroupBytes: 32768 }),
    abilities: {
      ...(names.some((name) => name !== "f16") && { subgroups: { minSize: 32, maxSize: 32 } }),
      shaderF16: component === "f16",
      matrixConfigs: names.includes("matrices") ? [{ component, result: "f32", M: 16, N: 16, K: 16 }] : [],
    },
    arithmetic: component,
    ...(tile !== undefined && { tileOf: () => tile as (typeof tileNames)[number] }),
  };
}

function refuse(message: string): never {
  console.error(`shader: ${message}\nusage: pnpm shader OP --shape N,N,… [--shape …] [--dtype ${allDTypes.join("|")}] [--device webgpu|wasm] [--with ${extras.join(",")}] [--tile NAME] [-- JSON …]`);
  process.exit(2);
}

function parse(): { op: string; shapes: number[][]; dtype: DType; device: "webgpu" | "wasm"; limits: Partial<PlanLimits>; rest: unknown[] } {
  const given = process.argv.slice(2);
  const dashes = given.indexOf("--");
  const own = dashes < 0 ? given : given.slice(0, dashes);
  const { values, positionals } = parseArgs({
    args: own,
    allowPositionals: true,
    options: { shape: { type: "string", multiple: true }, dtype: { type: "string", default: "f32" }, device: { type: "string", default: "webgpu" }, with: { type: "string" }, tile: { type: "string" } },
  });
  const { dtype, device } = values;
  const [op] = positionals;
  if (op === undefined || !values.shape) return refuse("an op and at least one shape are needed.");
  if (!allDTypes.includes(dtype as DType)) return refuse(`"${dtype}" is no dtype.`);
  if (device !== "webgpu" && device !== "wasm") return refuse(`"${device}" is no device that writes code.`);
  const names = values.with?.split(",") ?? [];
  const unknown = names.find((name) => !(extras as readonly string[]).includes(name));
  if (unknown !== undefined) return refuse(`"${unknown}" is nothing that an adapter may have.`);
  if (values.tile !== undefined && !tileNames.includes(values.tile as (typeof tileNames)[number])) return refuse(`"${values.tile}" is no tile; there are ${tileNames.join(", ")}.`);
  const shapes = values.shape.map((text) => text.split(",").map(Number));
  if (shapes.flat().some((extent) => !Number.isInteger(extent) || extent < 0)) return refuse(`shapes are whole numbers with commas between them; given ${values.shape.join(" ")}.`);
  return { op, shapes, dtype: dtype as DType, device, limits: limitsWith(names, values.tile), rest: dashes < 0 ? [] : given.slice(dashes + 1).map((text) => JSON.parse(text) as unknown) };
}

async function textOf(source: KernelExplanation["source"]): Promise<string> {
  if (typeof source === "string") return source;
  const { readWasm } = await wabt();
  const module = readWasm(source, { readDebugNames: true, simd: true, threads: true, relaxed_simd: true } as Parameters<typeof readWasm>[1]);
  module.applyNames();
  return module.toText({ foldExprs: true });
}

// `| head` closes the pipe early.
process.stdout.on("error", () => process.exit());
const { op, shapes, dtype, device, limits, rest } = parse();
const { device: paper, programs } = openPaperDevice(limitsOf[device]);
const [x, ...others] = shapes.map((shape) => paper.zeros(shape, { dtype }));
const method: unknown = Reflect.get(x!, op);
if (typeof method !== "function") refuse(`a tensor has no method "${op}".`);
try {
  await realize((method as (...args: unknown[]) => Tensor).apply(x, [...others, ...rest]));
} catch (error) {
  refuse((error as Error).message);
}
for (const kernel of programs.flatMap(({ kernels }) => kernels)) {
  const { chosen, refused, source } = await (device === "webgpu" ? explainWebgpu(kernel, limits) : explainWasm(kernel));
  console.log(`// ${kernel.label}: ${chosen}${refused.length > 0 ? `, after ${refused.join(" and ")} refused` : ""}\n${await textOf(source)}`);
}
