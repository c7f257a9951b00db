import { describe, expect, it } from "vitest";
import { runBackendSuite } from "@multiway/testing/backend-suite";
import { tileNames } from "./kernels/matmul-tiles.ts";
import { openForTest } from "./test-device.ts";

// Products that are large enough for tiles, with whole and ragged edges, operands in both orders, halves, batches and epilogues.
const tiled = /^matmul(?: with an epilogue)?: (64×64×64|130×33×70|197×64×64|63×256×31|33×65×31|40×1100×48|33×(2050|1100)×31|130×70×94|65×600×131|strided rows at|f16 b, 64|batch \[3\], (66|32))/;

describe.each(tileNames)("tiles of %s", (tile) => {
  runBackendSuite(() => openForTest({ tile }), { only: tiled, timeoutMs: 60_000 });
});

// Each tile sums along k in the same order, so that a measurement never changes a result.
describe.each(tileNames.filter((tile) => tile !== "64x64"))("tiles of %s give the bits of tiles of 64x64", (tile) => {
  runBackendSuite(() => openForTest({ tile }), { only: tiled, bitwise: () => openForTest({ tile: "64x64" }), timeoutMs: 60_000 });
});

describe("without subgroups", () => {
  runBackendSuite(() => openForTest({ subgroups: false }), { only: /^(layerNorm|crossEntropy|reduction|argMax)/, timeoutMs: 60_000 });
});

it("says what is in use", async () => {
  const having = await openForTest();
  const without = await openForTest({ subgroups: false, tile: "32x32" });
  expect(having.description).toMatch(/subgroups of \d+/);
  expect(without.description).not.toMatch(/subgroups/);
  expect(without.description).toContain("tiles of 32x32");
  await having.close();
  await without.close();
  await expect(openForTest({ tile: "7x7" as "32x32" })).rejects.toThrow('webgpu: tile is "7x7"; it must be one of 128x128, 128x64, 64x128, 64x64, 32x64, 32x32.');
});
