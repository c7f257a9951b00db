import { initialise } from "@multiway/nn";
import { key } from "@multiway/random";
import { reference } from "@multiway/reference";
import { openDevice, vjp, type Device } from "@multiway/tensor";
import { expect, it } from "vitest";
import { fitPatchTokenizer, PatchTokenizer, VectorQuantizer } from "./index.ts";

const withCodes = async (device: Device, codes: number[][]) => {
  const quantizer = await initialise(new VectorQuantizer({ numCodes: codes.length, codeDim: codes[0]!.length }), { device });
  quantizer.loadStateDict({ codebook: device.tensor(codes), usage: device.zeros([codes.length]) });
  return quantizer;
};

it("a vector's code is the nearest direction; of equals the lower number", async () => {
  await using device = await openDevice(reference());
  const quantizer = await withCodes(device, [[1, 0], [0, 1], [0, 1]]);
  expect(await quantizer.encode(device.tensor([[5, 1], [0.1, 0.3], [0, 9]])).toArray()).toEqual([0, 1, 1]);
});

it("an update is a moving average of the mean directions; codes without vectors stay", async () => {
  await using device = await openDevice(reference());
  const quantizer = await withCodes(device, [[1, 0], [0, 1], [-1, 0]]);
  const moved = quantizer.update(device.tensor([[3, 4], [2, 0], [0, 7]]));
  // (0.6, 0.8) is nearer to (0, 1), so code 0 takes (1, 0) alone and code 1 moves towards the direction of (0.6, 0.8) + (0, 1).
  const [x, y] = [0.6 / Math.hypot(0.6, 1.8), 1.8 / Math.hypot(0.6, 1.8)];
  const length = Math.hypot(0.01 * x, 0.99 + 0.01 * y);
  const rows = (await moved.codebook.toArray()) as number[][];
  expect(rows[0]).toEqual([1, 0]);
  expect(rows[1]![0]).toBeCloseTo((0.01 * x) / length, 6);
  expect(rows[1]![1]).toBeCloseTo((0.99 + 0.01 * y) / length, 6);
  expect(rows[2]).toEqual([-1, 0]);
  const usage = (await moved.usage.toArray()) as number[];
  [0.01, 0.02, 0].forEach((count, code) => expect(usage[code]).toBeCloseTo(count, 6));
});

it("gradients pass straight through the lookup to the vectors, and never to the codes", async () => {
  await using device = await openDevice(reference());
  const quantizer = await withCodes(device, [[1, 0], [0, 1]]);
  const z = device.tensor([[0.6, 0.8]]);
  const [, pull] = vjp((q: VectorQuantizer, x: typeof z) => q.forward(x).quantized, quantizer, z);
  const [ofQuantizer, ofVectors] = pull(device.tensor([[1, 0]]));
  expect(ofQuantizer.codebook).toBeUndefined();
  // The derivative of z / ‖z‖ at (0.6, 0.8) along (1, 0).
  const gradient = (await ofVectors.toArray()) as number[][];
  expect(gradient[0]![0]).toBeCloseTo(0.64, 6);
  expect(gradient[0]![1]).toBeCloseTo(-0.48, 6);
});

it("k-means finds the groups that are there, and brightness tells patches apart", async () => {
  await using device = await openDevice(reference());
  // Pictures of one patch each: black, grey, white, red, with a little noise.
  const colors = [[-1, -1, -1], [0, 0, 0], [1, 1, 1], [1, -1, -1]];
  const count = 40;
  const noise = key(3).normal(count * 3 * 16);
  const pixels = Float32Array.from(noise, (value, place) => colors[Math.floor(place / 48) % 4]![Math.floor(place / 16) % 3]! + 0.05 * value);
  const images = device.tensor(pixels, { shape: [count, 3, 4, 4] });
  const blank = await initialise(new PatchTokenizer({ patchSize: 4, numCodes: 12 }), { device });
  const tokenizer = await fitPatchTokenizer(blank, [images, images], { key: key(5) });
  const codes = (await tokenizer.encode(images).reshape([count]).toArray()) as number[];
  const colorOf = new Map<number, number>();
  codes.forEach((code, picture) => {
    expect(colorOf.get(code) ?? picture % 4).toBe(picture % 4);
    colorOf.set(code, picture % 4);
  });
  expect(new Set(colorOf.values()).size).toBe(4);
});

it.each([[1, 1], [2, 1], [6, 2], [8, 2], [10, 2], [12, 3], [14, 7], [15, 3], [16, 4]])("a patch of %i pixels has cells of %i", async (patchSize, cellSize) => {
  await using device = await openDevice(reference());
  const tokenizer = await initialise(new PatchTokenizer({ patchSize, numCodes: 4 }), { device });
  expect(tokenizer.cellSize).toBe(cellSize);
  expect(tokenizer.features(device.zeros([1, 3, 2 * patchSize, patchSize])).shape).toEqual([1, 2, 3 * (patchSize / cellSize) ** 2 + 1]);
});

it("says which cells fill a patch", () => {
  for (const cellSize of [3, 2.5, 16]) expect(() => new PatchTokenizer({ patchSize: 8, numCodes: 4, cellSize })).toThrow(/PatchTokenizer: cells of .* do not fill a patch of 8; expected whole numbers, cellSize a divisor of patchSize/);
});
