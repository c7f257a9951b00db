import { compile, Device, type Tensor } from "@multiway/tensor";
import { openRecorder } from "@multiway/testing/op-suite";
import { describe, expect, test } from "vitest";
import { addressAlignment } from "./address-space.ts";
import { ProgramLowering } from "./lower-program.ts";

const [tokens, width, hidden, heads] = [197, 768, 3072, 12];
const streamBytes = 4 * tokens * width;
const hiddenBytes = 4 * tokens * hidden;

/** What a vision transformer of base size takes from the device, without its weights. */
async function memoryOf({ numBlocks, batch, threads }: { numBlocks: number; batch: number; threads: number }): Promise<number> {
  const recorder = await openRecorder({ offsetAlignment: addressAlignment, maxBuffersPerKernel: 256 });
  const device = new Device({ ...recorder.device.backend, run: () => {} });
  const zeros = (...shape: number[]) => device.tensor(new Float32Array(shape.reduce((a, b) => a * b)), { shape });
  // Every block has the same weights: memory for activations does not depend on whose they are.
  const weights = { qkv: zeros(3 * width, width), out: zeros(width, width), up: zeros(hidden, width), down: zeros(width, hidden), vector: zeros(width), upBias: zeros(hidden), qkvBias: zeros(3 * width) };
  type Weights = typeof weights;
  const block = (x: Tensor, w: Weights): Tensor => {
    const linear = (input: Tensor, weight: Tensor, bias: Tensor) => input.matmul(weight.transpose()).add(bias);
    const norm = (input: Tensor) => input.layerNorm(w.vector, w.vector);
    const [q, k, v] = linear(norm(x), w.qkv, w.qkvBias).split(width, -1).map((part) => part.reshape([batch, tokens, heads, width / heads])) as [Tensor, Tensor, Tensor];
    const y = x.add(linear(q.attention(k, v).reshape(x.shape), w.out, w.vector));
    return y.add(linear(linear(norm(y), w.up, w.upBias).gelu(), w.down, w.vector));
  };
  compile((x: Tensor, w: Weights) => Array.from({ length: numBlocks }, () => w).reduce(block, x))(zeros(batch, tokens, width), weights);
  const program = recorder.programs.at(-1)!;
  await recorder.device.close();
  const options = { target: { relaxedSimd: true }, threads, isSmall: false, memoryIsShared: true };
  const { arenaBytes, workspaceBytes, scratchBytes } = new ProgramLowering(program, options, new Map(), () => 0).lower();
  return arenaBytes + workspaceBytes + threads * scratchBytes + 2 * batch * streamBytes;
}

describe("a vision transformer of base size", () => {
  test.each([[1, 1], [1, 2], [1, 4], [2, 2], [8, 2]])("takes at most three times its largest activation beside the weights: %d pictures, %d threads", async (batch, threads) => {
    expect(await memoryOf({ numBlocks: 2, batch, threads })).toBeLessThanOrEqual(3 * batch * hiddenBytes);
  });
  test("takes no more for more blocks", async () => {
    const forTwo = await memoryOf({ numBlocks: 2, batch: 1, threads: 2 });
    expect(await memoryOf({ numBlocks: 4, batch: 1, threads: 2 })).toBe(forTwo);
  });
});
