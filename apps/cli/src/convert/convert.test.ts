import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCheckpoint, saveCheckpoint, type HostTensor } from "@multiway/checkpoint";
import { CheckpointError, OptionError } from "@multiway/errors";
import { afterAll, beforeAll, expect, test } from "vitest";
import { convert } from "../commands/convert.ts";
import { inspect } from "../commands/inspect.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "multiway-convert-"))));
afterAll(() => rm(folder, { recursive: true }));

let seed = 0;
const random = (...shape: number[]): HostTensor => ({ shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.sin(++seed)) });
/** A fine-tuned classifier of width 4, for pictures of 2 × 2 patches, with two layers. */
const official: Record<string, HostTensor> = {
  "beit3.text_embed.weight": random(5, 4),
  "beit3.vision_embed.mask_token": random(1, 1, 4),
  "beit3.vision_embed.cls_token": random(1, 1, 4),
  "beit3.vision_embed.proj.weight": random(4, 3, 2, 2),
  "beit3.vision_embed.proj.bias": random(4),
  "beit3.encoder.embed_positions.A.weight": random(7, 4),
  "beit3.encoder.embed_positions.B.weight": random(9, 4),
  ...Object.fromEntries(
    [0, 11].flatMap((layer) =>
      ["A", "B"].flatMap((branch) =>
        [
          ...["self_attn.k_proj", "self_attn.v_proj", "self_attn.q_proj", "self_attn.out_proj"].map((name) => [name, "weight", random(4, 4)] as const),
          ...["self_attn.k_proj", "self_attn.v_proj", "self_attn.q_proj", "self_attn.out_proj", "self_attn.inner_attn_ln", "self_attn_layer_norm", "final_layer_norm"].map((name) => [name, "bias", random(4)] as const),
          ...["self_attn.inner_attn_ln", "self_attn_layer_norm", "final_layer_norm"].map((name) => [name, "weight", random(4)] as const),
        ].map(([name, part, tensor]) => [`beit3.encoder.layers.${layer}.${name}.${branch}.${part}`, tensor]).concat([
          [`beit3.encoder.layers.${layer}.ffn.${branch}.fc1.weight`, random(8, 4)],
          [`beit3.encoder.layers.${layer}.ffn.${branch}.fc1.bias`, random(8)],
          [`beit3.encoder.layers.${layer}.ffn.${branch}.fc2.weight`, random(4, 8)],
          [`beit3.encoder.layers.${layer}.ffn.${branch}.fc2.bias`, random(4)],
          [`beit3.encoder.layers.${layer}.ffn.${branch}.ffn_layernorm.weight`, random(8)],
          [`beit3.encoder.layers.${layer}.ffn.${branch}.ffn_layernorm.bias`, random(8)],
        ] as [string, HostTensor][]),
      ),
    ) as [string, HostTensor][],
  ),
  "fc_norm.weight": random(4),
  "fc_norm.bias": random(4),
  "head.weight": random(3, 4),
  "head.bias": random(3),
};
const elements = (name: string): number[] => [...(official[`beit3.${name}`]!.data as Float32Array)];

test("official names become timm's, and the picture branch comes back as it was", async () => {
  const [first, timm, back] = ["official.pth", "timm.safetensors", "back.pth"].map((name) => join(folder, name)) as [string, string, string];
  await saveCheckpoint(first, official, { epoch: "9" });
  const said = await convert(first, timm, { names: "timm" });
  expect(said).toContain("40 tensors, made of the 91 of");
  expect(said).toContain("left out, having no place among timm’s names: beit3.text_embed.weight, beit3.vision_embed.mask_token, beit3.encoder.embed_positions.B.weight");
  {
    await using reader = await openCheckpoint(timm);
    // Of one layer, by what timm's model for BEiT-3 declares.
    expect([...reader.entries.keys()].filter((name) => name.startsWith("blocks.11.")).toSorted()).toEqual(
      ["attn.norm", "attn.proj", "attn.qkv", "mlp.fc1", "mlp.fc2", "mlp.norm", "norm1", "norm2"].flatMap((name) => [`blocks.11.${name}.bias`, `blocks.11.${name}.weight`]),
    );
    expect([...reader.entries.keys()].filter((name) => !name.startsWith("blocks.")).toSorted()).toEqual(["cls_token", "fc_norm.bias", "fc_norm.weight", "head.bias", "head.weight", "patch_embed.proj.bias", "patch_embed.proj.weight", "pos_embed"]);
    const qkv = await reader.read("blocks.11.attn.qkv.weight");
    expect(qkv.shape).toEqual([12, 4]);
    expect([...(qkv.elements as Float32Array)]).toEqual(["q", "k", "v"].flatMap((which) => elements(`encoder.layers.11.self_attn.${which}_proj.A.weight`)));
    const positions = await reader.read("pos_embed");
    expect(positions.shape).toEqual([1, 5, 4]);
    expect([...(positions.elements as Float32Array)]).toEqual(elements("encoder.embed_positions.A.weight").slice(8));
  }
  expect(await convert(timm, back, { names: "official" })).toContain("48 tensors, made of the 40 of");
  await using reader = await openCheckpoint(back);
  const ours = Object.entries(official).filter(([name]) => !/\.B\.|text_embed|mask_token/.test(name));
  expect([...reader.entries.keys()].toSorted()).toEqual(ours.map(([name]) => name).toSorted());
  for (const [name, { data, shape }] of ours) {
    const stored = await reader.read(name);
    expect([name, stored.shape]).toEqual([name, shape]);
    const expected = name.includes("embed_positions") ? [...new Array<number>(8).fill(0), ...(data as Float32Array).slice(8)] : [...(data as Float32Array)];
    expect([...(stored.elements as Float32Array)]).toEqual(expected);
  }
});

test("floats change their width, and nothing else does", async () => {
  const [wide, narrow, brain] = ["wide.safetensors", "narrow.pth", "brain.safetensors"].map((name) => join(folder, name)) as [string, string, string];
  await saveCheckpoint(wide, { x: { shape: [4], data: Float32Array.of(1.0009765625, -2, 1e-3, 65504) }, n: { shape: [1], data: Int32Array.of(7) } }, { note: "kept" });
  await convert(wide, narrow, { dtype: "f16" });
  await convert(narrow, brain, { dtype: "bf16" });
  await using half = await openCheckpoint(narrow);
  expect([...half.entries].map(([name, { type }]) => [name, type])).toEqual([["x", "F16"], ["n", "I32"]]);
  expect((await half.read("x")).elements).toEqual(Uint16Array.of(0x3c01, 0xc000, 0x1419, 0x7bff));
  await using brains = await openCheckpoint(brain);
  // 1.001 → 1, 65504 → 65536.
  expect((await brains.read("x")).elements).toEqual(Uint16Array.of(0x3f80, 0xc000, 0x3a83, 0x4780));
  await expect(convert(brain, narrow, { dtype: "f16" })).rejects.toThrow('element 3 of "x" (BF16) is 65536; expected a number that f16 can hold');
  // What stood there is as it was.
  await using kept = await openCheckpoint(narrow);
  expect((await kept.read("x")).type).toBe("F16");
});

test("a checkpoint is split, and joined again", async () => {
  const [whole, split, joined] = ["whole.safetensors", "split.safetensors", "joined.safetensors"].map((name) => join(folder, name)) as [string, string, string];
  await saveCheckpoint(whole, { a: random(200_000), b: random(200_000) }, { step: "1" });
  await convert(whole, split, { maxShardMb: 1 });
  await convert(`${split}.index.json`, joined, {});
  expect((await inspect(joined, { statistics: true })).replace("joined", "whole")).toBe(await inspect(whole, { statistics: true }));
});

test("what cannot be done is said", async () => {
  const path = join(folder, "other.safetensors");
  await saveCheckpoint(path, { x: random(1) });
  await expect(convert(path, path, { names: "timm" })).rejects.toThrow(OptionError);
  await expect(convert(path, path, { prefix: "y." })).rejects.toThrow(`no tensor's name begins with "y."`);
  const half = join(folder, "half.safetensors");
  await saveCheckpoint(half, { "encoder.layers.0.self_attn.q_proj.A.weight": random(4, 4) });
  await expect(convert(half, path, { names: "timm" })).rejects.toThrow(CheckpointError);
});

test("inspect gives figures, of layers that are alike together, and JSON", async () => {
  const path = join(folder, "figures.safetensors");
  await saveCheckpoint(path, {
    "layers.0.weight": { shape: [4], data: Float32Array.of(1, 2, 3, NaN) },
    "layers.1.weight": { shape: [4], data: Float32Array.of(-5, 4, Infinity, -Infinity) },
    odd: { shape: [2], data: Float32Array.of(NaN, NaN) },
    ids: { shape: [2], data: BigInt64Array.of(-1n, 3n) },
  });
  const text = await inspect(path, { statistics: true });
  expect(text).toMatch(/weight +F32\[4\] +4 +-5 … 4 +mean 1 ± 3\.162 +1 NaN, 2 infinite$/m);
  expect(text).toMatch(/odd +F32\[2\] +2 +2 NaN$/m);
  expect(text).toMatch(/ids +I64\[2\] +2 +-1 … 3 +mean 1 ± 2$/m);
  const json = JSON.parse(await inspect(path, { json: true, statistics: true })) as { format: string; root: { children: { name: string; statistics?: unknown }[] } };
  expect(json.format).toBe("safetensors");
  expect(json.root.children.find(({ name }) => name === "ids")!.statistics).toEqual({ elementCount: 2, nanCount: 0, infinityCount: 0, min: -1, max: 3, mean: 1, deviation: 2 });
});
