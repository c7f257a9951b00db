import { explainKernel as explainWasm } from "@multiway/wasm";
import { explainKernel as explainWebgpu } from "@multiway/webgpu";
import { kernelOpNames, type Kernel } from "@multiway/tensor/device";
import { expect, test } from "vitest";
import { corpus } from "./corpus.ts";

test("the corpus has every kernel op, and each of its kernels can be built for both devices", { timeout: 60_000 }, async () => {
  const [webgpu, wasm] = [await corpus("webgpu"), await corpus("wasm")];
  for (const entries of [webgpu, wasm]) {
    const ops = new Set(entries.map(({ kernel }) => (kernel.kind === "op" ? kernel.op : "loop")));
    expect([...ops].sort()).toEqual([...kernelOpNames, "loop"].sort());
    expect(entries.some(({ from }) => from === "a step of pretraining")).toBe(true);
  }
  for (const { kernel } of webgpu) expect((await explainWebgpu(kernel)).source).toContain("@compute @workgroup_size(");
  const isValid = async (kernel: Kernel): Promise<boolean> => WebAssembly.validate((await explainWasm(kernel, { relaxedSimd: false })).source as Uint8Array<ArrayBuffer>);
  const invalid: string[] = [];
  for (const { kernel, from } of wasm) if (!(await isValid(kernel))) invalid.push(from);
  expect(invalid).toEqual([]);
});

test("a kernel's strategy, and those that refused it", async () => {
  const { kernel } = (await corpus("wasm")).find(({ kernel }) => kernel.kind === "op" && kernel.op === "matmul" && kernel.outputs[0]!.shape.at(-1)! > 4)!;
  const { chosen, refused } = await explainWasm(kernel);
  expect([...refused, chosen]).toEqual(expect.arrayContaining([expect.stringMatching(/^matmul/)]));
});
