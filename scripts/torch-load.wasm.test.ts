import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beit3Base } from "@multiway/beit3";
import { saveCheckpoint, type Elements, type ElementType, type HostTensor, type SavedTensors } from "@multiway/checkpoint";
import { initialise } from "@multiway/nn";
import { openDevice } from "@multiway/tensor";
import { MultiwayTransformer, officialStateDict } from "@multiway/transformer";
import { wasm } from "@multiway/wasm";
import { expect, test } from "vitest";

/** Debian's interpreter, where `python3-torch` is. */
const python = "/usr/bin/python3";
const hasTorch = spawnSync(python, ["-c", "import torch"], { stdio: "ignore" }).status === 0;
const where = hasTorch ? "" : ` (left out: ${python} cannot import torch)`;

const every: Readonly<Partial<Record<ElementType, Elements>>> = {
  F64: Float64Array.of(0.1, -2, NaN, Infinity, 5e-324, 1),
  F32: Float32Array.of(0.1, -0, NaN, -Infinity, 1e-45, 2),
  F16: Uint16Array.of(0x3c00, 0x7c00, 0x7e00, 1, 0x8000, 2),
  BF16: Uint16Array.of(0x3f80, 0xff80, 0x7fc0, 1, 0x8000, 2),
  I64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 0n, 1n, 2n, 3n),
  I32: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, 1, 2, 3),
  I16: Int16Array.of(-32768, 32767, 0, 1, 2, 3),
  I8: Int8Array.of(-128, 127, 0, 1, 2, 3),
  U8: Uint8Array.of(0, 255, 1, 2, 3, 4),
  BOOL: Uint8Array.of(0, 1, 1, 0, 0, 1),
};

const tensors: Record<string, HostTensor> = { empty: { type: "F32", shape: [0, 4], data: new Float32Array() }, "a.scalar": { type: "F32", shape: [], data: Float32Array.of(7) }, "名.weight": { type: "F32", shape: [1], data: Float32Array.of(1) } };
for (const [type, data] of Object.entries(every)) tensors[`layer.${type}`] = { type: type as ElementType, shape: [2, 3], data };
/** Minus zero is another bit. */
const changed = { ...tensors, "layer.F32": { ...tensors["layer.F32"]!, data: Float32Array.of(0.1, 0, NaN, -Infinity, 1e-45, 2) } };

test.skipIf(!hasTorch)(`a .pth of ours loads with torch.load(weights_only=True), with checkpoint["model"] as the official code does, and with load_state_dict, bit for bit${where}`, { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "multiway-torch-"));
  try {
    await using device = await openDevice(wasm({ threads: 1 }));
    const sizes = { numLayers: 2, embedDim: 24, numHeads: 2, ffnDim: 48, vocabularySize: 40, textPositions: 8 };
    const state = officialStateDict(await initialise(new MultiwayTransformer({ ...beit3Base({ imageSize: 32, patchSize: 16 }), ...sizes }), { device, key: 1 }));
    expect(Object.keys(state)).toContain("beit3.encoder.layers.1.self_attn.q_proj.A.weight");
    const paths: string[] = [];
    for (const [name, pth, safetensors] of [["types", tensors, tensors], ["model", state, state], ["changed", changed, tensors]] as [string, SavedTensors, SavedTensors][]) {
      for (const [end, saved] of [["pth", pth], ["safetensors", safetensors]] as const) {
        paths.push(join(folder, `${name}.${end}`));
        await saveCheckpoint(paths.at(-1)!, saved, { epoch: "3" });
      }
    }
    // One process for all: PyTorch takes seconds to start. It ends with 1 for what was changed.
    const { code, stdout, stderr } = await promisify(execFile)(python, [join(import.meta.dirname, "torch-load.py"), ...paths]).catch((error: unknown) => error as { code: number; stdout: string; stderr: string }) as { code?: number; stdout: string; stderr: string };
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n")).toEqual([
      expect.stringMatching(/^PyTorch .*: 13 tensors, 62 elements, are equal$/),
      expect.stringMatching(new RegExp(`^PyTorch .*: ${Object.keys(state).length} tensors, \\d+ elements, are equal$`)),
      "layer.F32 has other elements; layer.F32 has other elements",
    ]);
    expect(code).toBe(1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
